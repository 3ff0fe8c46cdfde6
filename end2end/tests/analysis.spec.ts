// Where the time went, opened down to the second; and why, said by people.

import type { Page } from '@playwright/test';
import { complaints, faultless, noWider, serious, widths } from './everyone.ts';
import { expect, test } from './floor.ts';

const hydrated = 'body[data-hydrated]';
const views = ['losses', 'stops', 'history', 'compare'];

/** The exact times in milliseconds of the cells of an opened account. */
async function times(page: Page, figure: string, cells: string): Promise<number[]> {
  const found = page.locator(`details[data-figure="${figure}"] ${cells}`);
  return found.evaluateAll((list) => list.map((cell) => Number(cell.getAttribute('data-ms'))));
}

/** The times as a person reads them, in seconds. */
async function read(page: Page, figure: string, cells: string): Promise<number[]> {
  const texts = await page.locator(`details[data-figure="${figure}"] ${cells}`).allInnerTexts();
  return texts.map((text) => {
    const [h, m, s] = text.replace('−', '').split(':').map(Number);
    return (text.startsWith('−') ? -1 : 1) * ((h ?? NaN) * 3600 + (m ?? NaN) * 60 + (s ?? NaN));
  });
}

const sum = (list: number[]) => list.reduce((a, b) => a + b, 0);

for (const path of ['/lines/L1', '/lines/L1?view=losses', '/lines/L3?view=losses&machine=M4']) {
  test(`${path}: every figure opens the time it comes from, and the parts add up`, async ({ page, floor }) => {
    const found = await complaints(page);
    await page.goto(floor.url + path);
    await page.locator(hydrated).waitFor();
    for (const figure of ['OEE', 'Availability', 'Performance', 'Quality']) {
      const account = page.locator(`details[data-figure="${figure}"]`);
      // By the keyboard, as somebody without a mouse does it.
      await account.locator('summary').first().focus();
      await page.keyboard.press('Enter');
      await expect(account.locator('.formula')).toContainText(`${figure} =`);
      await expect(account.getByRole('table', { name: 'The time behind it' })).toBeVisible();
      await expect(async () => {
        const [whole] = await times(page, figure, '.whole');
        expect(whole).toBeGreaterThan(0);
        expect(sum(await times(page, figure, '.part')), 'to the millisecond').toBe(whole);
        const [shown] = await read(page, figure, '.whole');
        expect(sum(await read(page, figure, '.part')), 'as it is read').toBe(shown);
      }).toPass();
    }
    expect(found).toEqual([]);
  });
}

test('the way down to good output closes with the planned time', async ({ page, floor }) => {
  await page.goto(`${floor.url}/lines/L1?view=losses`);
  const rows = page.locator('tbody tr', { has: page.locator('th') });
  const ms = async (name: string) => {
    const row = page.getByRole('table', { name: 'Planned time, loss by loss', includeHidden: true });
    const cell = row.locator('tr', { hasText: name }).locator('[data-ms]').first();
    return Number(await cell.getAttribute('data-ms'));
  };
  expect(await rows.count()).toBeGreaterThan(0);
  const stop = await ms('Unplanned stops');
  expect(stop, 'ten minutes and what else it stood').toBeGreaterThanOrEqual(600_000);
  expect(await ms('Run time')).toBeLessThanOrEqual((await ms('Planned production time')) - stop);
});

test('a link shows the same after a hard load, and back goes back', async ({ page, floor }) => {
  await page.goto(`${floor.url}/lines/L1`);
  await page.locator(hydrated).waitFor();
  await page.evaluate(() => Object.assign(window, { sameDocument: true }));
  await page.getByRole('link', { name: 'Losses' }).click();
  await expect(page).toHaveURL(/view=losses/);
  await page.getByRole('link', { name: 'Day', exact: true }).click();
  await expect(page).toHaveURL(/period=day/);
  await page.getByRole('link', { name: 'by count' }).click();
  await expect(page).toHaveURL(/rank=count/);
  await expect(page.getByRole('link', { name: 'by count' })).toHaveAttribute('aria-current', 'true');
  const label = await page.locator('.window-words').innerText();
  await page.reload();
  await page.locator(hydrated).waitFor();
  await expect(page.locator('.window-words')).toHaveText(label);
  await expect(page.getByRole('link', { name: 'by count' })).toHaveAttribute('aria-current', 'true');
  await page.goBack();
  await expect(page).not.toHaveURL(/rank=count/);
  await expect(page.getByRole('link', { name: 'by minutes' })).toHaveAttribute('aria-current', 'true');
  await page.goBack();
  await expect(page).not.toHaveURL(/period=day/);
  await page.goBack();
  await expect(page).toHaveURL(/L1$/);
  await expect(page.getByRole('table', { name: /machines/i })).toBeVisible();
});

test('a reason given to a stop changes the Pareto, and a stale one says who was first', async ({ page, context, floor }) => {
  const found = await complaints(page);
  await page.goto(`${floor.url}/lines/L1?view=losses`);
  const reasons = page.getByRole('table', { name: /Reasons/ });
  await expect(reasons).not.toContainText('Sensor failure');
  await page.goto(`${floor.url}/lines/L1?view=stops`);
  await page.locator(hydrated).waitFor();
  const row = page.getByRole('table', { name: /Stops/ }).locator('tbody tr', { hasText: '10 min' }).first();
  await row.getByRole('link').first().click();
  await expect(page.getByRole('heading', { name: 'Why did it stand?' })).toBeVisible();
  const late = await context.newPage();
  await late.goto(page.url());
  await page.getByRole('button', { name: 'Sensor failure' }).click();
  await expect(page.getByRole('status').filter({ hasText: 'Stored.' })).toBeVisible();
  await expect(page.locator('.stop-now')).toContainText('Sensor failure');
  // Who has not seen that may not overwrite it.
  await late.getByRole('button', { name: 'Bearing failure' }).click();
  await expect(late.locator('.caution')).toContainText('changed meanwhile, by Production Manager');
  await expect(late.locator('.stop-now')).toContainText('Sensor failure');
  await late.close();
  await page.goto(`${floor.url}/lines/L1?view=losses`);
  await expect(reasons).toContainText('Sensor failure');
  await reasons.getByRole('link', { name: /Sensor failure/ }).click();
  await expect(page.getByRole('table', { name: /Stops/ }).locator('tbody tr')).toHaveCount(1);
  expect(found).toEqual([]);
});

test('a stop is split and commented', async ({ page, floor }) => {
  await page.goto(`${floor.url}/lines/L2?view=stops&machine=M2`);
  const row = page.getByRole('table', { name: /Stops/ }).locator('tbody tr', { hasText: '10 min' }).first();
  await row.getByRole('link').first().click();
  await page.getByText('All reasons, split, comment').click();
  const split = page.locator('form', { has: page.getByRole('button', { name: 'Split' }) });
  await split.locator('[name=reason]').selectOption('BELT_BREAK');
  await split.locator('[name=after_min]').fill('4');
  await split.locator('[name=then]').selectOption('WIRING_FAULT');
  await split.getByRole('button', { name: 'Split' }).click();
  await expect(page.locator('.stop-now')).toContainText('Belt breakage, then Wiring fault');
  await page.getByText('All reasons, split, comment').click();
  await page.getByLabel('Comment').fill('<b>new belt</b> & wires');
  await page.getByRole('button', { name: 'Store the comment' }).click();
  await expect(page.locator('.stop-open')).toContainText('<b>new belt</b> & wires');
  await expect(page.locator('.stop-now')).toContainText('Belt breakage, then Wiring fault');
});

for (const colorScheme of ['light', 'dark'] as const) {
  for (const view of views) {
    test(`${view} in ${colorScheme} is usable by everyone, within its policy and its widths`, async ({ page, floor }) => {
      const found = await complaints(page);
      await page.emulateMedia({ colorScheme });
      for (const width of widths) {
        await page.setViewportSize({ width, height: 1000 });
        const response = await page.goto(`${floor.url}/lines/L1?view=${view}`);
        expect(response?.status()).toBe(200);
        await page.locator(hydrated).waitFor();
        await noWider(page);
      }
      // Opened, all of it.
      await page.evaluate(() => document.querySelectorAll('details').forEach((d) => (d.open = true)));
      await faultless(page, serious);
      expect(found).toEqual([]);
    });
  }
}

test('what cannot be is named', async ({ page, floor }) => {
  for (const query of ['view=nothing', 'view=losses&from=x', 'view=losses&period=year', 'view=history&by=colour']) {
    const response = await page.goto(`${floor.url}/lines/L1?${query}`);
    expect(response?.status(), query).toBe(422);
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('The address is not right');
  }
});

test.describe('without scripts', () => {
  test.use({ javaScriptEnabled: false });

  for (const view of views) {
    test(`${view} is whole`, async ({ page, floor }) => {
      await page.goto(`${floor.url}/lines/L1?view=${view}`);
      await expect(page.locator('main table').first()).toBeAttached();
      await expect(page.locator('main')).toContainText(/\d/);
    });
  }
});

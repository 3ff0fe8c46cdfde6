// Every route, loaded hard: whole without scripts, silent on the console, within its policy, usable by everyone.

import { complaints, faultless, noWider, serious, widths } from './everyone.ts';
import { expect, test } from './floor.ts';

const routes = [
  { path: '/', heading: 'Test hall', status: 200 },
  { path: '/andon', heading: 'Andon', status: 200 },
  { path: '/lines/L1', heading: 'Bagger', status: 200 },
  { path: '/lines/L2', heading: 'Bottling', status: 200 },
  { path: '/lines/L3', heading: 'Presses', status: 200 },
  { path: '/lines/L1?from=1790000040000&to=1790003640000', heading: /./, status: 200 },
  { path: '/lines/nowhere', heading: /./, status: 404 },
  { path: '/nowhere', heading: /./, status: 404 },
];

for (const { path, heading, status } of routes) {
  test(`${path} loads hard without a complaint`, async ({ page, floor }) => {
    const found = await complaints(page);
    const response = await page.goto(floor.url + path);
    expect(response?.status()).toBe(status);
    await page.locator('body[data-hydrated]').waitFor();
    await expect(page.getByRole('heading', { level: 1 })).toHaveText(heading);
    await expect(page).toHaveTitle(/MS5 Floor/);
    // A document that was asked for and is not there is the browser's complaint, not the page's.
    expect(found.filter((text) => !(status === 404 && text.includes('404')))).toEqual([]);
    const policy = response?.headers()['content-security-policy'] ?? '';
    expect(policy).toContain("script-src 'nonce-");
    expect(policy).not.toContain('unsafe-inline');
  });

  for (const colorScheme of ['light', 'dark'] as const) {
    test(`${path} in ${colorScheme} has no serious accessibility fault and fits its widths`, async ({ page, floor }) => {
      await page.emulateMedia({ colorScheme });
      for (const width of widths) {
        await page.setViewportSize({ width, height: width === 1920 ? 1080 : 1024 });
        await page.goto(floor.url + path);
        await page.locator('body[data-hydrated]').waitFor();
        await noWider(page);
      }
      await faultless(page, serious);
    });
  }
}

test('from the board to a line and back without loading anew', async ({ page, floor }) => {
  const found = await complaints(page);
  await page.goto(floor.url);
  await page.locator('body[data-hydrated]').waitFor();
  await page.evaluate(() => Object.assign(window, { sameDocument: true }));
  await page.locator('a.tile', { hasText: 'Bagger' }).click();
  await expect(page).toHaveURL(/\/lines\/L1$/);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Bagger');
  await page.goBack();
  await expect(page.locator('a.tile')).toHaveCount(3);
  expect(await page.evaluate(() => 'sameDocument' in window)).toBe(true);
  expect(found).toEqual([]);
});

test.describe('without scripts', () => {
  test.use({ javaScriptEnabled: false });

  test('the numbers of the board are there', async ({ page, floor }) => {
    await page.goto(floor.url);
    const tile = page.locator('a.tile', { hasText: 'Bagger' });
    await expect(tile.locator('.actual')).toHaveText(/^[\d,]+$/);
    await expect(tile).toContainText(/OEE \d+\.\d %/);
  });

  test('the figures of a line are there, with the time behind them', async ({ page, floor }) => {
    await page.goto(`${floor.url}/lines/L1`);
    for (const name of ['Availability', 'Performance', 'Quality', 'OEE']) {
      await expect(page.locator('main')).toContainText(name);
    }
    await expect(page.locator('main')).toContainText(/\d+\.\d %/);
    await expect(page.locator('main svg').first()).toBeAttached();
  });
});

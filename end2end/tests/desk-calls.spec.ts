// Calls for help on the desk: rules, rosters, rehearsal, channels, the calls that were and what they add up to, run by a
// production manager in a real browser.

import type { Page } from '@playwright/test';
import { eachUsable, fits, usable, widths } from './everyone.ts';
import { expect, test } from './floor.ts';

const pages = [
  '/admin/andon',
  '/admin/andon/rules/new',
  '/admin/andon/rules/new?priority=critical',
  '/admin/andon/auto/new?when=fault_class',
  '/admin/andon/rehearse',
  '/admin/andon/rehearse?line=L1&at=2026-07-05T02%3A10&kind=safety&priority=critical',
  '/admin/roster',
  '/admin/roster?line=L3',
  '/admin/channels',
  '/andon/history',
  '/andon/history?kind=safety&status=closed',
  '/andon/statistics',
  '/andon/statistics?period=month',
];

/** Does something with calls as the person who looks at the page; returns the call. */
async function call(page: Page, path: string, body: object): Promise<{ id: number }> {
  return page.evaluate(
    async ([path, body]) => {
      const headers = { 'content-type': 'application/json' };
      const answer = await fetch(`/api/v1/andon${path}`, { method: 'POST', headers, body });
      if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
      const said = await answer.json();
      return said.call?.call ? said.call : said;
    },
    [path, JSON.stringify(body)],
  );
}

for (const colorScheme of ['light', 'dark'] as const) {
  test(`every page about calls in ${colorScheme} is usable by everyone and fits its widths`, async ({ page, floor }) => {
    test.setTimeout(180_000);
    await page.goto(`${floor.url}/admin/channels`);
    const { id } = await call(page, '', { machine: 'M1', kind: 'quality', text: 'Bags do not close' });
    await page.emulateMedia({ colorScheme });
    await eachUsable(page, floor.url, pages);
    // The floor is that of other tests as well.
    await call(page, `/calls/${id}/cancel`, { note: 'a test is over' });
  });
}

test('without scripts every page about calls is there', async ({ browser, floor, manager }) => {
  const context = await browser.newContext({ storageState: manager, javaScriptEnabled: false });
  const page = await context.newPage();
  for (const path of [...pages, '/andon', '/lines/L1', '/account/reached']) {
    await test.step(path, async () => {
      const answer = await page.goto(floor.url + path);
      expect(answer?.status()).toBe(200);
      await expect(page.getByRole('heading', { level: 1 })).toHaveCount(1);
      await expect(page.locator('main')).not.toBeEmpty();
    });
  }
  await context.close();
});

test.describe.serial('calls, from the rule to the figures', () => {
  test('a rule is written step by step, changed, and a wrong one says what is wrong', async ({ page, floor }) => {
    await page.goto(`${floor.url}/admin/andon`);
    await page.getByRole('link', { name: 'Add a rule' }).click();
    await page.getByLabel('Kind').selectOption('Safety');
    await page.getByLabel('Line').selectOption('Bagger');
    const first = page.getByRole('group', { name: 'Step 1', exact: true });
    await first.getByLabel('Step 1, calls, place 1').selectOption('Shift Manager');
    await page.getByRole('button', { name: 'One more step' }).click();
    await expect(first.getByLabel('Step 1, calls, place 1')).toHaveValue('role:shift_manager');
    const second = page.getByRole('group', { name: 'Step 2', exact: true });
    await second.getByLabel('Waits for').selectOption('Not acknowledged');
    await second.getByLabel('Minutes').fill('3');
    await second.getByLabel('Level').fill('1');
    await page.getByRole('button', { name: 'Add the rule' }).click();
    // It calls nobody yet.
    await expect(page.getByRole('alert')).toContainText('steps[1].to');
    await second.getByLabel('Step 2, calls, place 1').selectOption('Production Manager');
    for (const width of widths) await fits(page, width);
    await usable(page);
    await page.getByRole('button', { name: 'Add the rule' }).click();
    await expect(page.getByRole('status')).toHaveText('Added.');
    const row = page.getByRole('row').filter({ hasText: 'Safety, on Bagger' });
    await expect(row).toContainText('Nobody took it for 3 min: level 1');
    for (const width of widths) await fits(page, width);
    await usable(page);
    await row.getByRole('link').first().click();
    await second.getByLabel('Minutes').fill('4');
    await page.getByRole('button', { name: 'Save' }).click();
    await expect(page.getByRole('status')).toHaveText('Saved.');
  });

  test('somebody has a duty, is away, and the roster shows the week and its gaps', async ({ page, floor }) => {
    await page.goto(`${floor.url}/admin/roster`);
    const duty = page.locator('form').filter({ has: page.getByRole('heading', { name: 'Give a duty' }) });
    await duty.getByLabel('Duty').fill('first aid');
    await duty.getByLabel('Who').selectOption({ index: 1 });
    await duty.getByLabel('Line').selectOption('Bagger');
    await duty.getByLabel('Sun').uncheck();
    await duty.getByRole('button', { name: 'Give it' }).click();
    await expect(page.getByRole('status')).toHaveText('Added.');
    await expect(page.getByRole('region', { name: 'On duty, by day' })).toContainText('first aid');
    await expect(page.getByRole('row').filter({ hasText: 'Mon–Sat' })).toHaveCount(1);

    // A rule calls it: who has no Sundays leaves gaps.
    await page.goto(`${floor.url}/admin/andon`);
    await page.getByRole('row').filter({ hasText: 'Safety, on Bagger' }).getByRole('link').first().click();
    await page.getByLabel('Step 2, calls, place 2').selectOption('first aid');
    await page.getByRole('button', { name: 'Save' }).click();
    await expect(page.getByRole('status')).toHaveText('Saved.');
    await page.goto(`${floor.url}/admin/roster`);
    await expect(page.locator('#gaps')).toContainText('nobody has it');
    await expect(page.locator('.gap-cell')).toHaveText('nobody');
    for (const width of widths) await fits(page, width);
    await usable(page);

    await page.getByRole('row').filter({ hasText: 'Mon–Sat' }).getByText('Remove', { exact: true }).click();
    await page.getByRole('button', { name: 'Remove now' }).click();
    await expect(page.getByRole('status')).toHaveText('Removed.');
  });

  test('a rehearsal tells who would be called and why somebody would not be reached', async ({ page, floor }) => {
    await page.goto(`${floor.url}/admin/andon`);
    await page.getByRole('link', { name: 'Who would be called?' }).click();
    await page.getByLabel('Line').selectOption('Bagger');
    await page.getByLabel('Day and time on the site').fill('2026-07-05T02:10');
    await page.getByLabel('Kind').selectOption('Safety');
    await page.getByLabel('Priority').selectOption('Critical');
    await page.getByRole('button', { name: 'Who would be called?' }).click();
    const chain = page.getByRole('region', { name: 'The chain' });
    await expect(chain.getByRole('heading')).toHaveText('Safety, critical, on Bagger, Sunday 5 July 2026 02:10');
    await expect(chain.locator('.rung').nth(1)).toContainText('02:14');
    await expect(chain.locator('.rung').nth(1)).toContainText('nobody has it then');
    for (const width of widths) await fits(page, width);
    await usable(page);
  });

  test('a call is found again with all that happened to it, and counted', async ({ page, floor }) => {
    await page.goto(`${floor.url}/admin/channels`);
    await expect(page.getByRole('heading', { name: /E-mail/ })).toContainText('not set up');
    // Other tests call on this floor, too.
    const answers = page.locator('.fact').filter({ hasText: 'MTTA' });
    const counted = async () => Number((await answers.allTextContents()).join().match(/· n (\d+)/)?.[1] ?? 0);
    await page.goto(`${floor.url}/andon/statistics?kind=maintenance`);
    const before = await counted();
    const { id } = await call(page, '', { machine: 'M2', kind: 'maintenance', priority: 'high', text: 'It smells of oil' });
    await call(page, `/calls/${id}/acknowledge`, {});
    await call(page, `/calls/${id}/resolve`, { cause: 'internal', note: 'A seal was worn' });
    await page.goto(`${floor.url}/andon/history?kind=maintenance`);
    await page.getByRole('row').filter({ hasText: 'Filler' }).getByRole('link').click();
    const opened = page.locator('#call');
    await expect(opened).toContainText('It smells of oil');
    await expect(opened).toContainText('A seal was worn');
    await expect(opened.getByRole('region', { name: 'What happened' })).toContainText('Acknowledged');
    await expect(opened.getByRole('region', { name: 'Who was told' })).toContainText('on their screens');
    for (const width of widths) await fits(page, width);
    await usable(page);
    await page.getByRole('link', { name: 'Response times' }).click();
    const kinds = page.getByRole('row').filter({ hasText: 'Maintenance' });
    await expect(kinds.first()).toBeVisible();
    await page.getByRole('combobox', { name: 'Kind' }).selectOption('Maintenance');
    await page.getByRole('button', { name: 'Show' }).click();
    await expect.poll(counted).toBe(before + 1);
    for (const width of widths) await fits(page, width);
    await usable(page);
  });
});

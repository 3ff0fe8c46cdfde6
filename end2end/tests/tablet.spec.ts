// A shared tablet on which nobody signed on: whoever needs help there taps twice.

import type { Browser, Page } from '@playwright/test';
import { fits, usable, widths } from './everyone.ts';
import { type Floor, at, expect, nobody, tablet, test, wall } from './floor.ts';

const name = 'Tablet at the labeller';

/** A browser that was made a shared tablet of the bagger. */
async function enrolled(browser: Browser, floor: Floor): Promise<Page> {
  const office = await browser.newContext({ storageState: await floor.signIn(browser, 'Administrator') });
  const desk = await office.newPage();
  await desk.goto(`${floor.url}/admin/devices`);
  await desk.getByLabel('What it is').selectOption('tablet');
  await desk.getByLabel('Name').fill(name);
  await desk.getByLabel('Page', { exact: true }).fill('/lines/L1');
  await desk.getByLabel('What it may see').selectOption('Line Bagger');
  await desk.getByRole('button', { name: 'Enrol', exact: true }).click();
  const link = await desk.getByRole('status').getByRole('code').innerText();
  await office.close();
  const context = await browser.newContext({ storageState: nobody, viewport: tablet });
  const page = await context.newPage();
  await page.goto(link);
  await page.getByRole('button', { name: 'Make it so' }).click();
  await page.locator('body[data-hydrated]').waitFor();
  await expect(page.getByRole('status')).toHaveText('live');
  return page;
}

test('on a tablet on which nobody signed on two taps call for help, and it is taken back there', async ({
  browser,
  floor,
}) => {
  const shared = await enrolled(browser, floor);
  await expect(shared.getByLabel('Signed in')).toContainText(name);
  const board = await at(browser, floor, 'Viewer', '/andon', wall);
  await shared.getByRole('button', { name: 'Help', exact: true }).click();
  await shared.getByRole('button', { name: 'Safety', exact: true }).click();
  const card = board.locator('.andon-main .call');
  await expect(card).toContainText('Safety', { timeout: 1_000 });
  await expect(card.locator('.call-more')).toContainText(`Called by ${name}`);
  const own = shared.locator('.help-calls .call');
  await expect(own.locator('.call-who')).toHaveText('Nobody comes yet');
  // It answers none.
  await expect(own.getByRole('button', { name: '5 min' })).toBeHidden();
  for (const width of widths) await fits(shared, width);
  await usable(shared);

  await own.getByText('Cancel the call').click();
  await own.getByLabel('What it was').fill('a test is over');
  await own.getByRole('button', { name: 'It was not needed' }).click();
  await expect(card).toHaveCount(0, { timeout: 1_000 });
  for (const one of [shared, board]) await one.context().close();
});

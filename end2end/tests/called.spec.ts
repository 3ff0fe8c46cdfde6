// Whoever a rule calls by their screen reads so on whatever page of the floor they look at, and hears it also from a tab
// that nobody looks at.

import type { Page } from '@playwright/test';
import { faultless, noWider, touchable } from './everyone.ts';
import { at, expect, phone, tablet, test, wall } from './floor.ts';

/** Two taps. */
async function raise(page: Page, kind: string): Promise<void> {
  await page.getByRole('button', { name: 'Help', exact: true }).click();
  await page.getByRole('button', { name: kind, exact: true }).click();
}

/** Takes and ends the only call that is open. */
async function end(page: Page): Promise<void> {
  const call = page.locator('.calls .call:not(.resolved)');
  await call.getByRole('button', { name: 'I am there' }).click();
  await call.getByRole('button', { name: 'Here', exact: true }).click();
  await page.getByRole('button', { name: 'Close it' }).click();
  await expect(page.locator('.call')).toHaveCount(0);
}

const plays = (page: Page) => page.locator('audio').evaluate((audio: HTMLAudioElement) => !audio.paused);

test('whoever is called reads it on the board and on the page of any line, and others do not', async ({
  browser,
  floor,
}) => {
  const operator = await at(browser, floor, 'Operator', '/lines/L1', tablet);
  const board = await at(browser, floor, 'Maintenance Technician', '/', wall);
  const line = await at(browser, floor, 'Maintenance Technician', '/lines/L2', phone);
  const viewer = await at(browser, floor, 'Viewer', '/', wall);
  await expect(board.locator('.called-bar')).toBeHidden();

  await raise(operator, 'Maintenance');
  for (const page of [board, line]) {
    const bar = page.getByRole('region', { name: 'You are called' });
    await expect(bar.getByRole('alert')).toHaveText(/^You are called: Maintenance, (.+, )?Bagger$/, { timeout: 1_000 });
    await expect(bar.locator('.called-timer')).toHaveText(/^0:\d\d$/);
    await noWider(page);
    await touchable(page, '.called-bar :is(a, button)');
    await faultless(page);
  }
  await expect(viewer.getByRole('link', { name: 'open calls 1' })).toBeVisible();
  await expect(viewer.locator('.called-bar')).toBeHidden();

  await board.getByRole('link', { name: 'To the call' }).click();
  await expect(board).toHaveURL(`${floor.url}/andon`);
  await board.locator('.call').getByRole('button', { name: 'Answer' }).click();
  await board.locator('.call').getByRole('button', { name: '2 min', exact: true }).click();
  for (const page of [board, line]) await expect(page.locator('.called-bar')).toBeHidden({ timeout: 1_000 });
  await board.keyboard.press('Escape');
  await board.locator('.call').getByRole('button', { name: 'Answer' }).click();
  await end(board);
  for (const page of [operator, board, line, viewer]) await page.context().close();
});

test('once it was switched on the sound is heard on every page, also from a tab that nobody looks at', async ({
  browser,
  floor,
}) => {
  const operator = await at(browser, floor, 'Operator', '/lines/L1', tablet);
  const context = await browser.newContext({
    storageState: await floor.signIn(browser, 'Maintenance Technician'),
    viewport: phone,
  });
  const page = await context.newPage();
  // Whether the tab is looked at, and how far its clock is ahead, are as the test says.
  await page.addInitScript(() => {
    const tab = { hidden: false, ahead: 0 };
    Object.assign(window, { tab });
    const now = Date.now.bind(Date);
    Date.now = () => now() + tab.ahead;
    Object.defineProperty(Document.prototype, 'hidden', { get: () => tab.hidden });
  });
  let streams = 0;
  page.on('request', (request) => {
    if (request.url().includes('/api/v1/live')) streams += 1;
  });
  const alive = async () => {
    await page.locator('body[data-hydrated]').waitFor();
    await expect(page.getByRole('status')).toHaveText('live');
  };
  await page.goto(`${floor.url}/andon`);
  await alive();
  await page.getByRole('button', { name: 'Sound off' }).click();
  await expect.poll(() => plays(page), 'the tones that answer the tap are over').toBe(false);
  await page.getByRole('link', { name: 'Board' }).first().click();
  await expect(page.locator('a.tile').first()).toBeVisible();
  await expect(page.getByRole('status')).toHaveText('live');

  // The tab goes into the background, and a minute passes there.
  const before = streams;
  const look = (hidden: boolean, ahead: number) =>
    page.evaluate(
      ([hidden, ahead]) => Object.assign((window as unknown as { tab: object }).tab, { hidden, ahead }),
      [hidden, ahead] as const,
    );
  await look(true, 0);
  // The stream is looked at every second.
  await page.evaluate(() => new Promise((done) => setTimeout(done, 2_500)));
  await look(true, 60_000);
  await page.evaluate(() => new Promise((done) => setTimeout(done, 2_500)));
  await raise(operator, 'Maintenance');
  await expect.poll(() => plays(page), 'it begins unseen').toBe(true);
  await operator.goto(`${floor.url}/andon`);
  const other = await at(browser, floor, 'Maintenance Technician', '/andon', phone);
  await other.getByRole('button', { name: '2 min', exact: true }).click();
  await expect.poll(() => plays(page), 'and ends unseen').toBe(false);
  expect(streams, 'all of it by one stream').toBe(before);
  await end(other);
  for (const one of [operator, page, other]) await one.context().close();
});

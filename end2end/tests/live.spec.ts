// What happens on the floor is on the screen, by itself, and the screen says when it cannot know.

import { expect, test } from './floor.ts';

const hydrated = 'body[data-hydrated]';
// A line that runs without having made a piece for minutes is rightly called slow.
const runs = /^(Running|Slow)$/;

test('a stop is on the board within a second, with its cause', async ({ page, floor }) => {
  await floor.tell({ machine: 'M1', kind: 'state', state: 'running' });
  await page.goto(floor.url);
  await page.locator(hydrated).waitFor();
  await expect(page.getByRole('status')).toHaveText('live');
  const tile = page.locator('a.tile', { hasText: 'Bagger' });
  await expect(tile.locator('.state-word')).toHaveText(runs);
  await floor.tell({ machine: 'M1', kind: 'state', state: 'stopped', fault: 'F44' });
  await expect(tile.locator('.state-word')).toHaveText('Stopped', { timeout: 1_000 });
  await expect(tile).toContainText('Wicket height overtravel', { timeout: 1_000 });
  await expect(tile).toHaveClass(/\bdown\b/);
  await floor.tell({ machine: 'M1', kind: 'state', state: 'running' });
  await expect(tile.locator('.state-word')).toHaveText(runs, { timeout: 1_000 });
});

test('pieces reach the tile once, also when the sender repeats itself', async ({ page, floor }) => {
  await page.goto(floor.url);
  await page.locator(hydrated).waitFor();
  await expect(page.getByRole('status')).toHaveText('live');
  const actual = page.locator('a.tile', { hasText: 'Bottling' }).locator('.actual');
  const before = Number((await actual.innerText()).replace(/\D/g, ''));
  await floor.tell({ machine: 'M3', kind: 'count', good: 7 });
  await expect(actual).toHaveText((before + 7).toLocaleString('en'), { timeout: 1_000 });
  await floor.tellAgain();
  await floor.tell({ machine: 'M3', kind: 'count', good: 1 });
  await expect(actual).toHaveText((before + 8).toLocaleString('en'), { timeout: 1_000 });
});

test('a machine that may not be silent and is, is shown as unknown', async ({ page, floor }) => {
  await page.goto(floor.url);
  const tile = page.locator('a.tile', { hasText: 'Presses' });
  await expect(tile.locator('.state-word')).toHaveText('No data');
  await expect(tile).toHaveClass(/\bno-data\b/);
});

test('a server that is gone for 20 s shows as stale within 15 s and is found again without a touch', async ({
  page,
  floor,
}) => {
  await floor.tell({ machine: 'M1', kind: 'state', state: 'running' });
  await page.goto(floor.url);
  await page.locator(hydrated).waitFor();
  await expect(page.getByRole('status')).toHaveText('live');
  await page.evaluate(() => Object.assign(window, { sameDocument: true }));
  await floor.kill();
  const gone = Date.now();
  await expect(page.getByText('Not live.')).toBeVisible({ timeout: 15_000 });
  await expect(page.getByRole('status')).toHaveText('stale');
  // The outage lasts 20 s in all; the page is left alone meanwhile.
  await expect.poll(() => Date.now() - gone, { timeout: 25_000, intervals: [200] }).toBeGreaterThan(20_000);
  await floor.serve();
  await floor.tell({ machine: 'M1', kind: 'state', state: 'stopped', fault: 'F44' });
  await expect(page.getByText('Not live.')).toBeHidden({ timeout: 15_000 });
  await expect(page.getByRole('status')).toHaveText('live');
  const tile = page.locator('a.tile', { hasText: 'Bagger' });
  await expect(tile.locator('.state-word')).toHaveText('Stopped');
  expect(await page.evaluate(() => 'sameDocument' in window), 'the page was not loaded anew').toBe(true);
  await floor.tell({ machine: 'M1', kind: 'state', state: 'running' });
});

test('the page of a line follows what happens', async ({ page, floor }) => {
  await floor.tell({ machine: 'M1', kind: 'state', state: 'running' });
  await page.goto(`${floor.url}/lines/L1`);
  await page.locator(hydrated).waitFor();
  await expect(page.getByRole('status')).toHaveText('live');
  const state = page.locator('header .state-word').first();
  await expect(state).toHaveText(runs);
  await floor.tell({ machine: 'M1', kind: 'state', state: 'stopped', fault: 'F44' });
  await expect(state).toHaveText('Stopped', { timeout: 2_000 });
  await expect(page.getByRole('table', { name: /machines/i })).toContainText('Wicket height overtravel');
  await floor.tell({ machine: 'M1', kind: 'state', state: 'running' });
});

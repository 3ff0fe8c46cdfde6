// A call for help, from the tablet where it is raised to the telephone of whoever answers it; and the wall between them.

import type { BrowserContext, Page } from '@playwright/test';
import { complaints, faultless, noWider, saysScriptsAreOff, touchable } from './everyone.ts';
import { type Floor, at, expect, phone, tablet, test, wall } from './floor.ts';

/** Two taps. */
async function raise(page: Page, kind: string): Promise<void> {
  await page.getByRole('button', { name: 'Help', exact: true }).click();
  await page.getByRole('button', { name: kind, exact: true }).click();
}

/** Nobody waits for anything any more. */
async function calm(page: Page, floor: Floor): Promise<void> {
  await page.goto(`${floor.url}/andon`);
  await page.locator('body[data-hydrated]').waitFor();
  await expect(page.getByRole('status')).toHaveText('live');
  const open = page.locator('.andon-main .call');
  for (let left = await open.count(); left > 0; left -= 1) {
    const call = open.first();
    await call.getByRole('button', { name: 'Answer' }).click();
    await call.getByText('Cancel the call').click();
    await call.getByLabel('What it was').fill('a test is over');
    await call.getByRole('button', { name: 'It was not needed' }).click();
    await expect(open).toHaveCount(left - 1);
  }
  const resolved = page.locator('.resolved-calls .call');
  for (let left = await resolved.count(); left > 0; left -= 1) {
    await resolved.first().getByRole('button', { name: 'Close it' }).click();
    await expect(resolved).toHaveCount(left - 1);
  }
  await expect(page.getByText('No open calls')).toBeVisible();
}

/** Nothing of the page sticks out sideways, and a gloved finger meets what stands in it. */
async function fits(page: Page): Promise<void> {
  await noWider(page);
  await touchable(page, 'main :is(a, button, select, textarea)');
}

async function closed(...pages: Page[]): Promise<void> {
  for (const page of pages) await page.context().close();
}

test.afterEach(async ({ page, floor }) => calm(page, floor));

test('a call goes from a tablet to the wall to a telephone and back, and every screen agrees', async ({
  browser,
  floor,
}) => {
  const operator = await at(browser, floor, 'Operator', '/lines/L1', tablet);
  const board = await at(browser, floor, 'Viewer', '/andon', wall);
  const plant = await at(browser, floor, 'Viewer', '/', wall);
  const responder = await at(browser, floor, 'Maintenance Technician', '/andon', phone);
  const found = await Promise.all([operator, board, plant, responder].map(complaints));
  await expect(board.getByText('No open calls')).toBeVisible();

  await raise(operator, 'Maintenance');
  const card = board.locator('.call', { hasText: 'Maintenance' });
  await expect(card).toContainText('Bagger', { timeout: 1_000 });
  await expect(card.locator('.call-who')).toHaveText('Nobody comes yet');
  await expect(card.locator('.call-timer')).toHaveText(/^0:0\d$/);
  await expect(card.locator('.call-next')).toHaveText(/^Next in \d+:\d\d, level \d: ./);
  const tile = plant.locator('a.tile', { hasText: 'Bagger' });
  await expect(tile.locator('.help-called')).toBeVisible({ timeout: 1_000 });
  await expect(plant.getByRole('link', { name: 'open calls 1' })).toHaveAttribute('href', '/andon');
  const own = operator.locator('.call');
  await expect(own.locator('.call-told')).toHaveText(/told|on their screens/i);

  // One tap takes it.
  const list = responder.locator('.call', { hasText: 'Maintenance' });
  await list.getByRole('button', { name: '5 min' }).click();
  for (const who of [card, own, list]) {
    await expect(who.locator('.call-who')).toHaveText(/^Comes in [45]:\d\d: Maintenance Technician/, { timeout: 1_000 });
  }
  await expect(tile).toContainText('is coming');
  await list.getByRole('button', { name: 'I am there' }).click();
  await expect(card.locator('.call-who')).toHaveText(/is there$/, { timeout: 1_000 });
  await list.getByLabel('What it was').fill('a belt <b>slipped</b>');
  await list.getByRole('button', { name: 'Before it' }).click();

  await expect(board.getByText('No open calls')).toBeVisible({ timeout: 1_000 });
  await expect(board.locator('.no-calls-last')).toHaveText(/The last one was over at \d\d:\d\d, \d+ s ago/);
  await expect(tile.locator('.help-called')).toBeHidden();

  // It waits below, quietly, until somebody says that nothing is left to do, or that it was not over.
  for (const screen of [operator, board, responder]) {
    await expect(screen.locator('.calls .call:not(.resolved)')).toHaveCount(0);
    const waits = screen.locator('.resolved-calls .call');
    await expect(waits.locator('.call-who')).toHaveText(/^Resolved by Maintenance Technician/);
    await expect(waits.locator('.call-next')).toHaveText(/^Can be reopened until \d\d:\d\d$/);
  }
  await expect(operator.getByRole('button', { name: 'Reopen it' })).toBeHidden();
  await responder.getByRole('button', { name: 'Reopen it' }).click();
  await expect(card.locator('.call-who')).toHaveText(/^Reopened by Maintenance Technician/, { timeout: 1_000 });
  await expect(responder.locator('.resolved-calls .call')).toHaveCount(0);
  await list.getByRole('button', { name: '2 min', exact: true }).click();
  await list.getByRole('button', { name: 'I am there' }).click();
  await list.getByRole('button', { name: 'Here', exact: true }).click();
  await responder.locator('.resolved-calls').getByRole('button', { name: 'Close it' }).click();
  for (const screen of [operator, board, responder]) {
    await expect(screen.locator('.call')).toHaveCount(0, { timeout: 1_000 });
  }
  expect(found.flat()).toEqual([]);
  await closed(operator, board, plant, responder);
});

test('whoever is slower reads who was faster, and a second call for the same joins the first', async ({
  browser,
  floor,
}) => {
  const operator = await at(browser, floor, 'Operator', '/lines/L2', tablet);
  await raise(operator, 'Quality');
  await expect(operator.locator('.call')).toHaveCount(1);
  await raise(operator, 'Quality');
  await expect(operator.getByRole('alert').filter({ hasText: 'joined' })).toBeVisible();
  await expect(operator.locator('.call-more')).toContainText('2 times');
  await expect(operator.locator('.call')).toHaveCount(1);

  const slow = await at(browser, floor, 'Quality Control', '/andon', phone);
  const fast = await at(browser, floor, 'Maintenance Technician', '/andon', phone);
  // What the faster one does reaches the slower one's server, and not their screen.
  await slow.route('**/api/v1/live**', (route) => route.abort());
  await slow.reload();
  await slow.locator('body[data-hydrated]').waitFor();
  await fast.locator('.call').getByRole('button', { name: '2 min', exact: true }).click();
  await expect(fast.locator('.call-who')).toContainText('Comes in');
  await slow.locator('.call').getByRole('button', { name: '10 min' }).click();
  await expect(slow.locator('.call').getByRole('alert')).toContainText('acknowledged by Maintenance Technician');
  await closed(operator, slow, fast);
});

test('whoever may not do something is not offered it', async ({ browser, floor }) => {
  const operator = await at(browser, floor, 'Operator', '/lines/L1', tablet);
  await raise(operator, 'Material');
  const own = operator.locator('.call');
  await expect(own.getByRole('button', { name: 'Call the next level now' })).toBeVisible();
  for (const name of ['5 min', 'I am there', 'I cannot come']) {
    await expect(own.getByText(name, { exact: true })).toBeHidden();
  }
  const viewer = await at(browser, floor, 'Viewer', '/andon', phone);
  await expect(viewer.locator('.call')).toHaveCount(1);
  await expect(viewer.locator('.call').getByRole('button')).toHaveCount(0);
  await viewer.goto(`${floor.url}/lines/L1`);
  await expect(viewer.getByRole('button', { name: 'Help', exact: true })).toBeHidden();

  // Whoever took it tells another time or gives it back, whoever raised it takes it back; nobody else is offered that.
  const taker = await at(browser, floor, 'Maintenance Technician', '/andon', tablet);
  const other = await at(browser, floor, 'Engineer', '/andon', tablet);
  const call = taker.locator('.call');
  await call.getByRole('button', { name: '5 min' }).click();
  await expect(own.locator('.call-who')).toHaveText(/^Comes in [45]:/, { timeout: 1_000 });
  await expect(own.getByText('Cancel the call')).toBeHidden();
  await call.getByRole('button', { name: '20 min' }).click();
  await expect(own.locator('.call-who')).toHaveText(/^Comes in (19|20):/, { timeout: 1_000 });
  for (const name of ['20 min', 'I cannot come']) {
    await expect(other.locator('.call').getByRole('button', { name })).toBeHidden();
  }
  await call.getByRole('button', { name: 'I cannot come' }).click();
  await expect(own.locator('.call-who')).toHaveText(/cannot come: nobody comes yet$/, { timeout: 1_000 });
  await own.getByText('Cancel the call').click();
  await own.getByLabel('What it was').fill('it runs again');
  await own.getByRole('button', { name: 'It was not needed' }).click();
  await expect(call).toHaveCount(0, { timeout: 1_000 });
  await closed(operator, viewer, taker, other);
});

/** Counts how often the page starts to play and how often what plays begins again; plays nothing before a tap, as browsers do. */
function listen(): void {
  const heard = { plays: 0, repeats: 0 };
  Object.assign(window, { heard });
  const play = HTMLMediaElement.prototype.play;
  HTMLMediaElement.prototype.play = function (this: HTMLMediaElement) {
    if (!navigator.userActivation.hasBeenActive) {
      return Promise.reject(new DOMException('nobody has touched this page', 'NotAllowedError'));
    }
    heard.plays += 1;
    return play.call(this);
  };
  let last = 0;
  const moved = (event: Event) => {
    const { currentTime } = event.target as HTMLMediaElement;
    if (currentTime < last) heard.repeats += 1;
    last = currentTime;
  };
  document.addEventListener('timeupdate', moved, true);
}

test('the sound repeats until somebody takes the call, once it was switched on', async ({ browser, floor }) => {
  const operator = await at(browser, floor, 'Operator', '/lines/L1', tablet);
  const signedIn = await floor.signIn(browser, 'Maintenance Technician');
  const board = await (await browser.newContext({ storageState: signedIn, viewport: wall })).newPage();
  await board.addInitScript(listen);
  const alive = async () => {
    await board.locator('body[data-hydrated]').waitFor();
    await expect(board.getByRole('status')).toHaveText('live');
  };
  await board.goto(`${floor.url}/andon`);
  await alive();
  const heard = (what: 'plays' | 'repeats') =>
    board.evaluate((what) => (window as unknown as { heard: Record<string, number> }).heard[what] ?? 0, what);
  const plays = () => board.locator('audio').evaluate((audio: HTMLAudioElement) => !audio.paused);
  await raise(operator, 'Safety');
  await expect(board.locator('.call')).toHaveClass(/\bcritical\b/);
  expect(await plays(), 'nobody switched it on').toBe(false);
  expect(await heard('plays')).toBe(0);
  await board.getByRole('button', { name: 'Sound off' }).click();
  await expect(board.getByRole('button', { name: 'Sound on' })).toBeVisible();
  await expect.poll(plays).toBe(true);
  await expect.poll(() => heard('repeats'), { timeout: 15_000 }).toBeGreaterThanOrEqual(2);

  // A tab that was loaded again goes on by itself where the browser lets it, and says so where it does not.
  await board.reload();
  await alive();
  const blocked = board.getByRole('button', { name: 'Sound blocked: tap here' });
  await expect(blocked).toBeVisible();
  expect(await plays(), 'the browser wants a tap').toBe(false);
  await blocked.click();
  await expect(board.getByRole('button', { name: 'Sound on' })).toBeVisible();
  await expect.poll(plays).toBe(true);

  await board.locator('.call').getByRole('button', { name: 'Answer' }).click();
  await board.locator('.call').getByRole('button', { name: '2 min', exact: true }).click();
  await expect.poll(plays).toBe(false);
  // The next one is heard without another tap.
  await raise(operator, 'Quality');
  await expect.poll(plays).toBe(true);
  await closed(operator, board);
});

test('without motion nothing flashes, and with it less than twice a second', async ({ browser, floor }) => {
  const operator = await at(browser, floor, 'Operator', '/lines/L1', tablet);
  await raise(operator, 'Stop');
  const head = operator.locator('.call-head');
  const flashes = () =>
    head.evaluate((e) => e.getAnimations().map((a) => a.effect?.getComputedTiming().duration as number));
  const [period = 0] = await flashes();
  expect(period).toBeGreaterThan(500);
  await operator.emulateMedia({ reducedMotion: 'reduce' });
  expect(await flashes()).toEqual([]);
  await closed(operator);
});

test('numbers are as large as a hall is long, and twenty calls need no scrolling', async ({ browser, floor }) => {
  test.setTimeout(120_000);
  const operator = await at(browser, floor, 'Operator', '/lines/L1', tablet);
  const board = await at(browser, floor, 'Viewer', '/andon', wall);
  const size = () => board.locator('.call-timer').first().evaluate((e) => Number.parseFloat(getComputedStyle(e).fontSize));
  const scrolls = () => board.evaluate(() => document.documentElement.scrollHeight - innerHeight);
  let calls = 0;
  for (const [line, machines] of [
    ['L1', ['', 'M1']],
    ['L2', ['', 'M2']],
  ] as const) {
    await operator.goto(`${floor.url}/lines/${line}`);
    await operator.locator('body[data-hydrated]').waitFor();
    for (const machine of machines) {
      for (const kind of ['Stop', 'Maintenance', 'Material', 'Quality', 'Safety']) {
        await operator.getByRole('button', { name: 'Help', exact: true }).click();
        await operator.getByLabel('Where').selectOption(machine);
        await operator.getByRole('button', { name: kind, exact: true }).click();
        calls += 1;
        await expect(board.locator('.call')).toHaveCount(calls, { timeout: 2_000 });
        expect(await scrolls(), `${calls} calls on a wall`).toBeLessThanOrEqual(0);
        if (calls <= 6) expect(await size(), `with ${calls} calls`).toBeGreaterThanOrEqual(140);
      }
    }
  }
  expect(calls).toBe(20);
  const cut = await board.locator('.call-face').evaluateAll((all) =>
    all.filter((e) => e.scrollHeight > e.clientHeight + 1 || e.scrollWidth > e.clientWidth + 1).map((e) => e.textContent),
  );
  expect(cut, 'nothing is cut off').toEqual([]);
  await expect(board.locator('.call').first()).toHaveClass(/\bcritical\b/);
  await closed(operator, board);
});

for (const colorScheme of ['light', 'dark'] as const) {
  test(`every screen of a call in ${colorScheme} fits its widths and is usable by everyone`, async ({ page, floor }) => {
    test.setTimeout(300_000);
    const found = await complaints(page);
    await page.emulateMedia({ colorScheme });
    for (const state of ['calm', 'called', 'taken', 'resolved']) {
      for (const path of ['/andon', '/lines/L1', '/']) {
        for (const width of [390, 768, 1280, 1920]) {
          await test.step(`${state} ${path} at ${width}`, async () => {
            await page.setViewportSize({ width, height: width === 1920 ? 1080 : 900 });
            await page.goto(floor.url + path);
            await page.locator('body[data-hydrated]').waitFor();
            await expect(page.getByRole('status')).toHaveText('live');
            await fits(page);
            // The two looks of a call: a list on a telephone, a wall.
            if (width === 390 || width === 1920) await faultless(page);
          });
        }
      }
      await page.goto(`${floor.url}/lines/L1`);
      await page.locator('body[data-hydrated]').waitFor();
      if (state === 'calm') {
        await page.getByRole('button', { name: 'Help', exact: true }).click();
        await fits(page);
        await faultless(page);
        await page.getByRole('button', { name: 'Maintenance', exact: true }).click();
      } else if (state === 'called') {
        await page.getByRole('button', { name: '5 min' }).click();
      } else if (state === 'taken') {
        await page.getByRole('button', { name: 'Here', exact: true }).click();
        await expect(page.locator('.resolved-calls .call')).toHaveCount(1);
      } else {
        await page.getByRole('button', { name: 'Reopen it' }).click();
        await expect(page.locator('.resolved-calls .call')).toHaveCount(0);
      }
      await expect(page.locator('.call')).toHaveCount(1);
    }
    await page.goto(`${floor.url}/andon`);
    await page.locator('body[data-hydrated]').waitFor();
    await page.getByRole('button', { name: 'Answer' }).click();
    await faultless(page);
    expect(found).toEqual([]);
  });
}

test.describe('without scripts', () => {
  test('the calls are there, with who comes', async ({ browser, floor }) => {
    const operator = await at(browser, floor, 'Operator', '/lines/L1', tablet);
    await raise(operator, 'Maintenance');
    await expect(operator.locator('.call')).toHaveCount(1);
    const still: BrowserContext = await browser.newContext({
      storageState: await floor.signIn(browser, 'Viewer'),
      javaScriptEnabled: false,
    });
    const page = await still.newPage();
    await page.goto(`${floor.url}/andon`);
    await expect(page.locator('.call')).toContainText('Maintenance');
    await expect(page.locator('.call')).toContainText('Nobody comes yet');
    await expect(page.locator('.call-timer')).toHaveText(/^\d+:\d\d$/);
    // What is missing is said where it would be.
    await saysScriptsAreOff(page);
    await page.goto(`${floor.url}/lines/L1`);
    await saysScriptsAreOff(page);
    await page.goto(floor.url);
    await expect(page.locator('a.tile', { hasText: 'Bagger' }).locator('.help-called')).toBeVisible();
    await still.close();
    await closed(operator);
  });
});

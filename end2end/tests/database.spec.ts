import { Cable } from './cable.ts';
import { Floor, type SignedIn, expect, required, test as base } from './floor.ts';

const hydrated = 'body[data-hydrated]';

/** A server whose database is at the end of a cable. */
const test = base.extend<object, { wired: { floor: Floor; cable: Cable }; wiredManager: SignedIn }>({
  wired: [
    async ({}, use) => {
      const cable = await Cable.toNewDatabase(required('MS5_TEST_POSTGRES'));
      const floor = await Floor.start(cable.url);
      await use({ floor, cable });
      await floor.stop();
      await cable.remove();
    },
    { scope: 'worker' },
  ],
  wiredManager: [async ({ wired, browser }, use) => use(await wired.floor.signIn(browser)), { scope: 'worker' }],
  storageState: async ({ wiredManager }, use) => use(wiredManager),
});

test('a page opened while the database is away says so, and shows its figures by itself when it is back', async ({
  page,
  wired,
}) => {
  await wired.cable.cut();
  for (const path of ['/', '/lines/L1']) {
    const answer = await page.request.get(wired.floor.url + path);
    expect(answer.status(), path).toBe(503);
    expect(Number(answer.headers()['retry-after']), path).toBeGreaterThan(0);
  }
  await page.goto(wired.floor.url);
  await expect(page.getByRole('heading', { name: 'The database cannot be reached' })).toBeVisible();
  await expect(page.getByText('keeps trying by itself')).toBeVisible();
  await page.locator(hydrated).waitFor();
  await page.evaluate(() => Object.assign(window, { sameDocument: true }));
  // It tried in vain at least once before the database comes back.
  await page.waitForResponse((answer) => answer.url().includes('/api/board') && answer.status() === 503);
  await wired.cable.mend();
  await expect(page.locator('a.tile')).toHaveCount(3, { timeout: 40_000 });
  expect(await page.evaluate(() => 'sameDocument' in window), 'the page was not loaded anew').toBe(true);
});

test('a screen that is open says when the database is lost and is right again when it is back', async ({
  page,
  wired,
}) => {
  await page.goto(wired.floor.url);
  await page.locator(hydrated).waitFor();
  await expect(page.getByRole('status')).toHaveText('live');
  await wired.cable.cut();
  await expect(page.getByText("The server's database cannot be reached.")).toBeVisible({ timeout: 20_000 });
  await expect(page.getByRole('status')).toHaveText('no database');
  await wired.cable.mend();
  await expect(page.getByRole('status')).toHaveText('live', { timeout: 30_000 });
  await expect(page.getByText("The server's database cannot be reached.")).toBeHidden();
  await wired.floor.tell({ machine: 'M1', kind: 'state', state: 'stopped', fault: 'F44' });
  const tile = page.locator('a.tile', { hasText: 'Bagger' });
  await expect(tile.locator('.state-word')).toHaveText('Stopped');
});

// The desk: people, roles, devices, keys and the trail, run by an administrator in a real browser.

import type { Browser, BrowserContext, Page } from '@playwright/test';
import { eachUsable, fits, heard, usable, widths } from './everyone.ts';
import { type Floor, type SignedIn, expect, nobody, test as base } from './floor.ts';

/** A browser in which an administrator has signed in. */
const test = base.extend<object, { admin: SignedIn }>({
  admin: [async ({ floor, browser }, use) => use(await floor.signIn(browser, 'Administrator')), { scope: 'worker' }],
  storageState: async ({ admin }, use) => use(admin),
});

const pages = [
  '/account',
  '/account/password',
  '/account/pin',
  '/account/code',
  '/account/reached',
  '/admin/people',
  '/admin/people?find=nobody-is-called-that',
  '/admin/people/new',
  '/admin/people/1',
  '/admin/roles',
  '/admin/roles/2',
  '/admin/devices',
  '/admin/keys',
  '/admin/audit',
  '/admin/audit?verify=yes',
];

for (const colorScheme of ['light', 'dark'] as const) {
  test(`every page of the desk in ${colorScheme} is usable by everyone and fits its widths`, async ({ page, floor }) => {
    test.setTimeout(180_000);
    await page.emulateMedia({ colorScheme });
    await eachUsable(page, floor.url, pages);
  });
}

test('what stands below a live page leads on, also once the browser has taken the page over', async ({ page, floor }) => {
  for (const path of ['/', '/lines/L1']) {
    for (const [name, heading] of [
      ['Administrator (demonstration)', 'Your account'],
      ['People', 'People'],
      ['Roles', 'Roles'],
      ['Devices', 'Devices'],
      ['Keys', 'Keys'],
      ['Audit trail', 'Audit trail'],
    ]) {
      await page.goto(floor.url + path);
      await expect(page.locator('body[data-hydrated]')).toBeAttached();
      await page.getByLabel('Signed in').getByRole('link', { name }).click();
      await expect(page.getByRole('heading', { level: 1 })).toHaveText(heading);
    }
  }
});

test('a form that is wrong says so at each field, and the cursor stands in the first', async ({ page, floor }) => {
  await page.goto(`${floor.url}/admin/people/new`);
  await page.getByLabel('Login').fill('Not A Login!');
  await page.getByLabel('Name').fill('Nora Nilsen');
  await page.getByLabel('Address for mail').fill('nora@here');
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await expect(page.getByRole('alert')).toContainText('login');
  await expect(page.getByRole('alert')).toContainText('email');
  await expect(page.getByLabel('Login')).toBeFocused();
  await expect(page.getByLabel('Login')).toHaveAttribute('aria-invalid', 'true');
  await expect(page.getByLabel('Name')).toHaveValue('Nora Nilsen');
  for (const width of widths) await fits(page, width);
  await usable(page);
});

test('what somebody may not see says what is missing and leads on', async ({ page, browser, floor }) => {
  const context = await browser.newContext({ storageState: await floor.signIn(browser, 'Viewer') });
  const viewer = await context.newPage();
  const answer = await viewer.goto(`${floor.url}/admin/people`);
  expect(answer?.status()).toBe(403);
  await expect(viewer.getByRole('main')).toContainText('user:read');
  for (const width of widths) await fits(viewer, width);
  await usable(viewer);
  await viewer.getByRole('link', { name: 'To the board' }).click();
  await expect(viewer.locator('a.tile')).toHaveCount(3);
  await context.close();
  // What there is not is told on a page of the desk too, with its way on.
  const gone = await page.goto(`${floor.url}/admin/people/99999`);
  expect(gone?.status()).toBe(404);
  await expect(page.getByRole('link', { name: 'To the board' })).toBeVisible();
});

test.describe('running the place', () => {
  test.describe.configure({ mode: 'serial' });

  /** A browser of somebody else. */
  async function elsewhere(browser: Browser): Promise<[BrowserContext, Page]> {
    const context = await browser.newContext({ storageState: nobody });
    return [context, await context.newPage()];
  }

  /** What the page shows this once. */
  async function once(page: Page): Promise<string> {
    await expect(page.getByRole('status')).toContainText('It is shown only now.');
    await usable(page);
    for (const width of widths) await fits(page, width);
    const secret = await page.getByRole('status').getByRole('code').innerText();
    await page.getByRole('link', { name: 'I have it, go on' }).click();
    await expect(page.getByText(secret)).toHaveCount(0);
    return secret;
  }

  async function enrol(page: Page, floor: Floor, kind: string, name: string): Promise<string> {
    await page.goto(`${floor.url}/admin/devices`);
    await page.getByLabel('What it is').selectOption(kind);
    await page.getByLabel('Name').fill(name);
    await page.getByLabel('Page', { exact: true }).fill('/lines/L1');
    await page.getByRole('button', { name: 'Enrol', exact: true }).click();
    return once(page);
  }

  /** Makes a browser a device: looking at the link alone changes nothing. */
  async function come(device: Page, link: string): Promise<void> {
    await device.goto(link);
    await device.getByRole('button', { name: 'Make it so' }).click();
  }

  test('somebody is added, given a role on a line, and chooses a password of their own', async ({
    page,
    browser,
    floor,
  }) => {
    await page.goto(`${floor.url}/admin/people`);
    await page.getByRole('link', { name: 'Add a person' }).click();
    await page.getByLabel('Login').fill('nora');
    await page.getByLabel('Name').fill('Nora Nilsen');
    await page.getByLabel('Role').first().selectOption('Operator');
    await page.getByLabel('Where').first().selectOption('on Bagger');
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    const given = await once(page);
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('Nora Nilsen');
    await expect(page.getByLabel('Where').first().locator('option:checked')).toHaveText('on Bagger');

    const [context, nora] = await elsewhere(browser);
    await nora.goto(`${floor.url}/sign-in`);
    await nora.getByLabel('Login').fill('nora');
    await nora.getByLabel('Password').fill(given);
    await nora.getByRole('button', { name: 'Sign in', exact: true }).click();
    await expect(nora).toHaveURL(/\/account\/password$/);
    // There is no way around it.
    await nora.goto(floor.url);
    await expect(nora).toHaveURL(/\/account\/password$/);
    await nora.getByLabel('Old password').fill(given);
    await nora.getByLabel('New password', { exact: true }).fill('the moon over packing');
    await nora.getByLabel('New password again').fill('the moon over packing');
    await nora.getByRole('button', { name: 'Change password' }).click();
    await expect(nora.getByRole('status')).toContainText('The password is changed.');
    await expect(nora.getByRole('main')).toContainText('Operator');
    await nora.goto(floor.url);
    await expect(nora.locator('a.tile')).toHaveCount(1);
    await context.close();
  });

  test('a role is made, and what it allows is ticked in the matrix', async ({ page, floor }) => {
    await page.goto(`${floor.url}/admin/roles`);
    await page.getByLabel('Name').fill('Auditor');
    await page.getByLabel('Code').fill('auditor');
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    await expect(page.getByRole('status')).toHaveText('Added.');
    await page.goto(`${floor.url}/admin/roles`);
    await page.getByLabel('Auditor: audit:read').check();
    await page.getByRole('button', { name: 'Save what roles allow' }).click();
    await expect(page.getByRole('status')).toHaveText('Saved.');
    await expect(page.getByLabel('Auditor: audit:read')).toBeChecked();
    await expect(page.getByLabel('Auditor: user:read')).not.toBeChecked();
    for (const width of widths) await fits(page, width);
  });

  test('a key is shown once, opens what it may, and nothing when it is revoked', async ({ page, floor }) => {
    await page.goto(`${floor.url}/admin/keys`);
    await page.getByLabel('Sender').fill('gateway-7');
    await page.getByRole('button', { name: 'Make key' }).click();
    const key = await once(page);
    const send = () =>
      fetch(`${floor.url}/api/v1/ingest`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: JSON.stringify({ items: [] }),
      }).then((answer) => answer.status);
    expect(await send(), 'its sender is known').not.toBe(401);
    const row = page.getByRole('row').filter({ hasText: 'gateway-7' });
    await row.getByText('Revoke', { exact: true }).click();
    // One tap alone takes nothing away.
    expect(await send()).not.toBe(401);
    await row.getByRole('button', { name: 'Revoke now' }).click();
    await expect(row).toContainText('revoked');
    expect(await send()).toBe(401);
  });

  test('people sign on to a shared tablet by name and PIN within three seconds, and the page is kept', async ({
    page,
    browser,
    floor,
  }) => {
    await page.goto(`${floor.url}/admin/people?find=nora`);
    const found = heard(page);
    await page.getByRole('link', { name: 'Nora Nilsen' }).click();
    for (const width of widths) await fits(page, width);
    await usable(page);
    expect(found).toEqual([]);
    await page.getByLabel('4 to 8 digits').fill('4827');
    await page.locator('form[action$="/pin"]').getByRole('button', { name: 'Set' }).click();
    await expect(page.getByRole('status')).toHaveText('Set.');
    const link = await enrol(page, floor, 'tablet', 'Tablet at the bagger');

    const [context, tablet] = await elsewhere(browser);
    await come(tablet, link);
    await expect(tablet).toHaveURL(`${floor.url}/lines/L1`);
    await tablet.goto(`${floor.url}/lines/L1?view=stops`);
    await tablet.getByRole('link', { name: 'Sign on' }).click();
    for (const width of widths) await fits(tablet, width);
    await usable(tablet);
    await tablet.getByRole('link', { name: 'Nora Nilsen' }).click();
    for (const width of widths) await fits(tablet, width);
    await tablet.getByLabel('PIN').fill('0000');
    await tablet.getByRole('button', { name: 'Sign on' }).click();
    await expect(tablet.getByRole('alert')).toHaveText('That is not right.');
    await tablet.getByLabel('PIN').fill('4827');
    await tablet.getByRole('button', { name: 'Sign on' }).click();
    await expect(tablet).toHaveURL(`${floor.url}/lines/L1?view=stops`, { timeout: 3_000 });
    await expect(tablet.getByLabel('Signed in')).toContainText('Nora Nilsen', { timeout: 3_000 });
    await context.close();
  });

  test('a wall shows its page until its link is revoked', async ({ page, browser, floor }) => {
    const link = await enrol(page, floor, 'wall', 'Wall of the hall');
    const [context, wall] = await elsewhere(browser);
    await come(wall, link);
    await expect(wall.getByRole('heading', { level: 1 })).toHaveText('Bagger');
    // It shows nothing else.
    await wall.goto(`${floor.url}/account`);
    await expect(wall).toHaveURL(`${floor.url}/lines/L1`);
    await page.goto(`${floor.url}/admin/devices`);
    const row = page.getByRole('row').filter({ hasText: 'Wall of the hall' });
    await row.getByText('Revoke', { exact: true }).click();
    await row.getByRole('button', { name: 'Revoke now' }).click();
    await expect(row).toContainText('revoked');
    await wall.goto(`${floor.url}/lines/L1`);
    await expect(wall).toHaveURL(/\/sign-in/);
    await context.close();
  });

  test('all of it is on the trail, and the chain holds', async ({ page, floor }) => {
    await page.goto(`${floor.url}/admin/audit`);
    const trail = page.getByRole('region', { name: 'Records' });
    for (const [action, target] of [
      ['person.add', 'nora'],
      ['role.add', 'auditor'],
      ['role.change', 'auditor'],
      ['key.add', 'ms5_'],
      ['key.revoke', 'ms5_'],
      ['device.add', 'Tablet at the bagger'],
      ['device.revoke', 'Wall of the hall'],
      ['session.sign_in', 'nora'],
    ]) {
      const rows = trail.locator('summary').filter({ hasText: action }).filter({ hasText: target });
      expect(await rows.count(), `${action} of ${target}`).toBeGreaterThan(0);
    }
    await page.getByRole('button', { name: 'Check the chain' }).click();
    await expect(page.getByRole('status')).toContainText('The chain holds');
    await page.getByLabel('Action').fill('session.wrong');
    await page.getByRole('button', { name: 'Find' }).click();
    await expect(trail.locator('summary')).toHaveCount(1);
    await trail.locator('summary').click();
    await expect(trail).toContainText('127.0.0.1');
    for (const width of widths) await fits(page, width);
    await usable(page);
  });
});

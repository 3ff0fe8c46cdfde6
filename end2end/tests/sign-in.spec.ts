// Getting in and out.

import { complaints, faultless, noWider, touchable, widths } from './everyone.ts';
import { expect, nobody, test } from './floor.ts';

test.use({ storageState: nobody });

test('one tap of the demonstration leads to the page that was wanted', async ({ page, floor }) => {
  await page.goto(`${floor.url}/lines/L1?view=losses`);
  await expect(page).toHaveURL(/\/sign-in\?next=/);
  await page.getByRole('button', { name: 'Shift Manager' }).click();
  await expect(page).toHaveURL(`${floor.url}/lines/L1?view=losses`);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Bagger');
});

test('who has signed in is led past the sign-in page, and is out after signing out', async ({ page, floor }) => {
  await page.goto(`${floor.url}/sign-in`);
  await page.getByRole('button', { name: 'Viewer' }).click();
  await expect(page).toHaveURL(`${floor.url}/`);
  await expect(page.locator('a.tile')).toHaveCount(3);
  await page.goto(`${floor.url}/sign-in`);
  await expect(page).toHaveURL(`${floor.url}/`);
  // By the same form that every page of the desk has.
  await page.evaluate(() => {
    const form = document.createElement('form');
    form.method = 'post';
    form.action = '/sign-out';
    document.body.append(form);
    form.submit();
  });
  await expect(page).toHaveURL(/\/sign-in$/);
  await page.goto(floor.url);
  await expect(page).toHaveURL(/\/sign-in$/);
});

test('a wrong password is told, by the keyboard, without saying what was wrong', async ({ page, floor }) => {
  await page.goto(`${floor.url}/sign-in?next=/lines/L2`);
  await page.getByLabel('Login').fill('anna');
  await page.getByLabel('Password').fill('not the password');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('alert')).toHaveText('That is not right. Check login and password.');
  await expect(page.getByLabel('Login')).toHaveValue('anna');
  await expect(page.getByLabel('Password')).toHaveValue('');
  // Where they wanted to go is not forgotten over it.
  await page.getByRole('button', { name: 'Operator' }).click();
  await expect(page).toHaveURL(`${floor.url}/lines/L2`);
});

test('what a role may not see is named', async ({ page, floor }) => {
  await page.goto(`${floor.url}/sign-in`);
  await page.getByRole('button', { name: 'Viewer' }).click();
  await expect(page).toHaveURL(`${floor.url}/`);
  const answer = await page.goto(`${floor.url}/health/rollups`);
  expect(answer?.status()).toBe(403);
  expect(await answer?.text()).toContain('system:monitor');
});

for (const colorScheme of ['light', 'dark'] as const) {
  test(`the sign-in page in ${colorScheme} is usable by everyone and fits its widths`, async ({ page, floor }) => {
    const found = await complaints(page);
    await page.emulateMedia({ colorScheme });
    for (const width of widths) {
      await page.setViewportSize({ width, height: 1000 });
      await page.goto(`${floor.url}/sign-in`);
      await noWider(page);
      await touchable(page, 'button, input:not([type=hidden])');
      await faultless(page);
    }
    expect(found).toEqual([]);
  });
}

test.describe('without scripts', () => {
  test.use({ javaScriptEnabled: false });

  test('signing in works', async ({ page, floor }) => {
    await page.goto(`${floor.url}/lines/L3`);
    await page.getByRole('button', { name: 'Engineer' }).click();
    await expect(page).toHaveURL(`${floor.url}/lines/L3`);
  });
});

test('a page whose session ended says so, and leads back to itself', async ({ page, floor }) => {
  await page.goto(`${floor.url}/sign-in?next=/lines/L1`);
  await page.getByRole('button', { name: 'Viewer' }).click();
  await page.locator('body[data-hydrated]').waitFor();
  await expect(page.getByRole('status')).toHaveText('live');
  // Elsewhere: this page hears of it from the server alone.
  await page.request.post(`${floor.url}/sign-out`, { maxRedirects: 0, headers: { origin: floor.url } });
  await expect(page.getByText('You are signed out.')).toBeVisible({ timeout: 10_000 });
  await expect(page.getByRole('status')).toHaveText('signed out');
  await expect(page.getByText('Not live.')).toBeHidden();
  await page.getByRole('link', { name: 'Sign in' }).click();
  await expect(page).toHaveURL(/\/sign-in\?next=%2Flines%2FL1/);
  await page.getByRole('button', { name: 'Viewer' }).click();
  await expect(page).toHaveURL(`${floor.url}/lines/L1`);
  await expect(page.getByRole('status')).toHaveText('live');
});

test('a page that is signed out comes back by itself when somebody signs in beside it', async ({ page, context, floor }) => {
  await page.goto(`${floor.url}/sign-in`);
  await page.getByRole('button', { name: 'Viewer' }).click();
  await page.locator('body[data-hydrated]').waitFor();
  await expect(page.getByRole('status')).toHaveText('live');
  await page.request.post(`${floor.url}/sign-out`, { maxRedirects: 0, headers: { origin: floor.url } });
  await expect(page.getByText('You are signed out.')).toBeVisible({ timeout: 10_000 });
  const beside = await context.newPage();
  await beside.goto(`${floor.url}/sign-in`);
  await beside.getByRole('button', { name: 'Engineer' }).click();
  await expect(beside).toHaveURL(`${floor.url}/`);
  await expect(page.getByRole('status')).toHaveText('live', { timeout: 15_000 });
  await expect(page.getByText('You are signed out.')).toBeHidden();
});

test('a server that is gone is no reason to say that somebody is signed out', async ({ page, floor }) => {
  await page.goto(`${floor.url}/sign-in`);
  await page.getByRole('button', { name: 'Viewer' }).click();
  await page.locator('body[data-hydrated]').waitFor();
  await expect(page.getByRole('status')).toHaveText('live');
  await floor.kill();
  await expect(page.getByText('Not live.')).toBeVisible({ timeout: 15_000 });
  await expect(page.getByText('You are signed out.')).toBeHidden();
  await floor.serve();
  await expect(page.getByRole('status')).toHaveText('live', { timeout: 15_000 });
});

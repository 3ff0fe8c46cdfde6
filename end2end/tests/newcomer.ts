// Somebody who is added on the desk and chose a password of their own.

import { type Browser, expect } from '@playwright/test';
import { type Floor, nobody } from './floor.ts';

export type Newcomer = { login: string; name: string; email: string; role: string };

/** What every newcomer chose. */
export const password = 'the moon over packing';

export async function add(browser: Browser, floor: Floor, { login, name, email, role }: Newcomer): Promise<void> {
  const office = await browser.newContext({ storageState: await floor.signIn(browser, 'Administrator') });
  const desk = await office.newPage();
  await desk.goto(`${floor.url}/admin/people/new`);
  await desk.getByLabel('Login').fill(login);
  await desk.getByLabel('Name').fill(name);
  await desk.getByLabel('Address for mail').fill(email);
  await desk.getByLabel('Role').first().selectOption(role);
  await desk.getByRole('button', { name: 'Add', exact: true }).click();
  const given = await desk.getByRole('status').getByRole('code').innerText();
  await office.close();

  const own = await browser.newContext({ storageState: nobody });
  const page = await own.newPage();
  await page.goto(`${floor.url}/sign-in`);
  await signIn(page, login, given);
  await page.getByLabel('Old password').fill(given);
  await page.getByLabel('New password', { exact: true }).fill(password);
  await page.getByLabel('New password again').fill(password);
  await page.getByRole('button', { name: 'Change password' }).click();
  await expect(page.getByRole('status')).toContainText('The password is changed.');
  await own.close();
}

/** On the sign-in page. */
export async function signIn(page: import('@playwright/test').Page, login: string, typed = password): Promise<void> {
  await page.getByLabel('Login').fill(login);
  await page.getByLabel('Password').fill(typed);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
}

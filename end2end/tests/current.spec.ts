// Pages of the desk about calls go on by themselves: they follow what happens, take nothing out of anybody's hands, and say
// when they cannot follow.

import type { Page } from '@playwright/test';
import { complaints, saysScriptsAreOff } from './everyone.ts';
import { expect, test } from './floor.ts';

/** Does something with calls as the person who looks at the page; returns the call's number. */
async function call(page: Page, path: string, body: object): Promise<number> {
  return page.evaluate(
    async ([path, body]) => {
      const headers = { 'content-type': 'application/json' };
      const answer = await fetch(`/api/v1/andon${path}`, { method: 'POST', headers, body });
      if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
      const said = await answer.json();
      return said.call?.call ? said.call.id : said.id;
    },
    [path, JSON.stringify(body)] as const,
  );
}

const asOf = /^As of \d\d:\d\d:\d\d$/;

test('the calls and what they add up to follow what happens, with scroll, focus and what was opened', async ({
  page,
  floor,
  context,
}) => {
  const found = await complaints(page);
  await page.setViewportSize({ width: 1280, height: 600 });
  await page.goto(`${floor.url}/andon/history`);
  await expect(page.locator('#current-as-of')).toHaveText(asOf);
  const statistics = await context.newPage();
  await statistics.goto(`${floor.url}/andon/statistics`);
  const open = statistics.getByRole('region', { name: 'Calls that are open now, the longest first' });
  const doer = await context.newPage();
  await doer.goto(`${floor.url}/admin/channels`);

  const id = await call(doer, '', { machine: 'M2', kind: 'quality', text: 'Labels are crooked' });
  const row = page.getByRole('row').filter({ hasText: 'Quality' }).filter({ hasText: 'Filler' });
  await expect(row.first()).toContainText('Raised', { timeout: 6_000 });
  await expect(open).toContainText('Filler', { timeout: 6_000 });

  // Opened, scrolled down, with the focus on its heading's way out. Of several pages the one in front has the focus.
  await page.bringToFront();
  await row.first().getByRole('link').first().click();
  const opened = page.locator('#call');
  await expect(opened).toContainText('Labels are crooked');
  await opened.getByRole('link', { name: 'Close' }).focus();
  await page.evaluate(() => scrollTo(0, 120));
  await call(doer, `/calls/${id}/acknowledge`, {});
  await expect(opened.getByRole('region', { name: 'What happened' })).toContainText('Acknowledged', { timeout: 6_000 });
  await expect(opened.getByRole('link', { name: 'Close' })).toBeFocused();
  expect(await page.evaluate(() => scrollY)).toBe(120);

  // Nothing is taken out of the hands of somebody who fills in the form.
  await page.getByLabel('Line').selectOption('Bottling');
  const before = await page.locator('#current-as-of').textContent();
  await call(doer, `/calls/${id}/resolve`, { cause: 'internal', note: 'A roll was loose' });
  await expect(open).toBeHidden({ timeout: 6_000 });
  await expect(page.getByLabel('Line')).toHaveValue('L2');
  await expect(page.locator('#current-as-of')).toHaveText(before ?? '');
  await page.getByRole('button', { name: 'Find' }).click();
  await expect(row.first()).toContainText('Resolved');
  await call(doer, `/calls/${id}/close`, {});
  await expect(row.first()).toContainText('Closed', { timeout: 6_000 });
  expect(found).toEqual([]);
  await statistics.close();
  await doer.close();
});

test('a page that cannot follow any more says so and goes on once it can', async ({ page, floor }) => {
  const said = page.locator('#current-said');
  await page.route('**/api/v1/live**', (route) => route.abort());
  await page.goto(`${floor.url}/andon/history`);
  await expect(said).toHaveText('Connection lost: trying again by itself.', { timeout: 10_000 });
  await page.unroute('**/api/v1/live**');
  await expect(said).toHaveText('', { timeout: 15_000 });
});

test('without scripts the page says of when it is', async ({ browser, floor, manager }) => {
  const context = await browser.newContext({ storageState: manager, javaScriptEnabled: false });
  const page = await context.newPage();
  for (const path of ['/andon/history', '/andon/statistics']) {
    await page.goto(floor.url + path);
    await expect(page.locator('#current-as-of')).toHaveText(asOf);
    await saysScriptsAreOff(page);
  }
  await context.close();
});

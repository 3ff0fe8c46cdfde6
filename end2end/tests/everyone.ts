// What every page owes to everyone: it fits, it can be touched with a glove, it can be used without eyes or a mouse.

import AxeBuilder from '@axe-core/playwright';
import { type Page, expect, test } from '@playwright/test';

/** A tablet, a desk, a wall. */
export const widths = [768, 1280, 1920];

/** What the console says, of whatever kind. */
export function heard(page: Page): string[] {
  const found: string[] = [];
  page.on('console', (message) => found.push(message.text()));
  page.on('pageerror', (error) => found.push(String(error)));
  return found;
}

/** What the console and the policy complain about. */
export async function complaints(page: Page): Promise<string[]> {
  const found: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') found.push(message.text());
  });
  page.on('pageerror', (error) => found.push(String(error)));
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      console.error(`policy: ${event.violatedDirective} forbids ${event.blockedURI || event.sourceFile}`);
    });
  });
  return found;
}

/** Nothing sticks out sideways. */
export async function noWider(page: Page): Promise<void> {
  const overflow = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  expect(overflow, `no sideways scrolling at ${page.viewportSize()?.width}`).toBeLessThanOrEqual(0);
}

/** A gloved finger meets all of these that can be seen. */
export async function touchable(page: Page, which: string): Promise<void> {
  const small = await page.locator(which).evaluateAll((all) =>
    all
      .map((e) => (e.matches('[type=checkbox]') ? (e.closest('label') ?? e) : e))
      .filter((e) => {
        const { width, height } = e.getBoundingClientRect();
        return width > 0 && height < 47.9;
      })
      .map((e) => e.outerHTML.slice(0, 120)),
  );
  expect(small, `for a gloved finger at ${page.viewportSize()?.width}`).toEqual([]);
}

/** Says what is missing where scripts are off; locators by text leave such words out. */
export async function saysScriptsAreOff(page: Page): Promise<void> {
  const words = page.locator('noscript');
  await expect(words).toBeVisible();
  expect(await words.innerText()).toContain('Scripts are off');
}

/** Nothing sticks out sideways, and a gloved finger meets everything that can be touched. */
export async function fits(page: Page, width: number): Promise<void> {
  await page.setViewportSize({ width, height: width === 1920 ? 1080 : 1024 });
  await noWider(page);
  await touchable(page, 'a:not(.skip), button, summary, select, input:not([type=hidden])');
}

/** Nothing that axe finds, or nothing as grave as these, stands in the way of those without eyes or a mouse. */
export async function faultless(page: Page, impacts?: string[]): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const grave = violations.filter((v) => !impacts || impacts.includes(v.impact ?? ''));
  expect(grave.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(' ')).join(', ')}`)).toEqual([]);
}

/** What axe calls serious and worse. */
export const serious = ['serious', 'critical'];

export async function usable(page: Page): Promise<void> {
  await faultless(page);
  // Two of one name: a label that names the other's field.
  const twice = await page.evaluate(() => {
    const ids = [...document.querySelectorAll('[id]')].map((e) => e.id);
    return ids.filter((id, n) => ids.indexOf(id) !== n);
  });
  expect(twice, 'ids that stand twice').toEqual([]);
}

/** These pages have one heading each, fit, can be used by everyone, and say nothing on the console. */
export async function eachUsable(page: Page, site: string, paths: string[]): Promise<void> {
  const found = heard(page);
  for (const path of paths) {
    await test.step(path, async () => {
      await page.goto(site + path);
      await expect(page.getByRole('heading', { level: 1 })).toHaveCount(1);
      for (const width of widths) await fits(page, width);
      await usable(page);
    });
  }
  expect(found).toEqual([]);
}

// Three people and a call: raised on a tablet, heard on the wall, taken by nobody, told further up on time by e-mail, and
// taken on a telephone through the link in it; also when the server is killed in between.

import type { Browser, Page } from '@playwright/test';
import { fits, usable } from './everyone.ts';
import { Floor, at, expect, nobody, phone, tablet, test as base, wall } from './floor.ts';
import { type Mail, Mailbox } from './mailbox.ts';
import { add, signIn } from './newcomer.ts';

const mara = { login: 'mara', name: 'Mara Meier', email: 'mara@plant.example', role: 'Maintenance Technician' };
/** Nobody took it for so long: level 1. */
const after = 5_000;
/** A step is done within this time of when it is due, and a mail is there within as much again. */
const exact = 1_000;

type Seen = { raised: number; steps: { at: number; detail: string }[] };

/** A floor whose mail goes to a mailbox of the test, with somebody who has an address and a rule that is in a hurry. */
const test = base.extend<object, { mailed: { floor: Floor; mailbox: Mailbox } }>({
  mailed: [
    async ({ browser }, use) => {
      const mailbox = await Mailbox.start();
      const settings = (url: string) =>
        [
          '[delivery]',
          `address = "${url}"`,
          '[delivery.email]',
          'server = "127.0.0.1"',
          `port = ${mailbox.port}`,
          'tls = "none"',
          'from = "MS5 Floor <floor@plant.example>"',
        ].join('\n');
      const floor = await Floor.start(undefined, settings);
      await add(browser, floor, mara);
      await hurry(browser, floor);
      await use({ floor, mailbox });
      await floor.stop();
      await mailbox.stop();
    },
    { scope: 'worker' },
  ],
});

/** Asks the API as whoever looks at the page. */
async function ask<T>(page: Page, method: string, path: string, body?: object): Promise<T> {
  return page.evaluate(
    async ([method, path, body]) => {
      const headers = { 'content-type': 'application/json' };
      const answer = await fetch(path, { method, headers, ...(body ? { body } : {}) });
      if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
      return answer.json();
    },
    [method, path, body ? JSON.stringify(body) : ''] as const,
  );
}

async function hurry(browser: Browser, floor: Floor): Promise<void> {
  const context = await browser.newContext({ storageState: await floor.signIn(browser) });
  const page = await context.newPage();
  await page.goto(`${floor.url}/admin/andon`);
  const steps = [
    { trigger: 'raised', after: 0, level: 0, to: [{ role: 'shift_manager' }], via: ['screen'] },
    { trigger: 'not_acknowledged', after, level: 1, to: [{ role: 'maintenance' }], via: ['screen', 'email'] },
  ];
  await ask(page, 'POST', '/api/v1/andon/rules', { kind: 'maintenance', steps });
  await expect(async () => {
    await page.reload();
    await expect(page.getByRole('row').filter({ hasText: 'Maintenance' }).first()).toBeVisible({ timeout: 1_000 });
  }).toPass();
  await context.close();
}

/** When the call was raised, and what the ladder did by itself. */
async function history(page: Page, id: number): Promise<Seen> {
  const found = await ask<{ call: { call: { raised: { at: number } } }; history: { at: number; what: string; detail: string }[] }>(
    page,
    'GET',
    `/api/v1/andon/calls/${id}`,
  );
  const steps = found.history.filter((line) => line.what === 'step');
  return { raised: found.call.call.raised.at, steps };
}

/** The number of the only open call. */
async function only(page: Page): Promise<number> {
  const calls = await ask<{ id: number; status: string }[]>(page, 'GET', '/api/v1/andon/active');
  const open = calls.filter((call) => ['raised', 'acknowledged', 'arrived'].includes(call.status));
  expect(open).toHaveLength(1);
  return open[0]?.id ?? 0;
}

for (const killed of [false, true]) {
  const name = killed
    ? 'a server that is killed in the middle loses no step, does none twice, and every screen comes back'
    : 'nobody acts, so the next level is told on time, and whoever takes it is seen everywhere';
  test(name, async ({ browser, mailed: { floor, mailbox } }) => {
    test.setTimeout(180_000);
    mailbox.mails.length = 0;
    const operator = await at(browser, floor, 'Operator', '/lines/L1', tablet);
    const board = await at(browser, floor, 'Viewer', '/andon', wall);
    const plays = () => board.locator('audio').evaluate((audio: HTMLAudioElement) => !audio.paused);
    const power = async () => {
      await floor.kill();
      await floor.serve();
    };
    await board.getByRole('button', { name: 'Sound off' }).click();
    await expect.poll(plays, 'the tones that answer the tap are over').toBe(false);

    // Two taps.
    await operator.getByRole('button', { name: 'Help', exact: true }).click();
    await operator.getByRole('button', { name: 'Maintenance', exact: true }).click();
    const card = board.locator('.andon-main .call');
    await expect(card).toContainText('Maintenance', { timeout: 1_000 });
    await expect(card.locator('.call-who')).toHaveText('Nobody comes yet');
    await expect.poll(plays).toBe(true);
    const id = await only(board);
    if (killed) await power();
    const back = Date.now();

    // Nobody acts.
    await expect.poll(() => mailbox.to(mara.email).length, { timeout: 30_000 }).toBe(1);
    const [mail] = mailbox.to(mara.email) as [Mail];
    await expect(board.getByRole('status')).toHaveText('live', { timeout: 30_000 });
    const { raised, steps } = await history(board, id);
    const due = raised + after;
    const up = steps.filter((step) => step.at >= due);
    expect(up, 'level 1 was called once').toHaveLength(1);
    const done = up[0]?.at ?? 0;
    const on = killed ? Math.max(due, back) : due;
    expect(done - on, 'on time').toBeLessThanOrEqual(exact);
    expect(mail.at - done, 'and its mail').toBeLessThanOrEqual(exact);
    expect(mail.subject).toContain('Maintenance: Bagger');
    await expect(operator.locator('.call-told')).toContainText(`${mara.name} (E-mail `, { timeout: 30_000 });

    // On the telephone: the link in the mail, signing in, one tap.
    const link = /https?:\/\/\S+\/andon\/take\/[^\s>]+/.exec(mail.text)?.[0] ?? '';
    expect(link, mail.text).not.toBe('');
    const pocket = await browser.newContext({ storageState: nobody, viewport: phone });
    const responder = await pocket.newPage();
    await responder.goto(link);
    await expect(responder).toHaveURL(/\/sign-in\?next=/);
    await fits(responder, phone.width);
    await usable(responder);
    await signIn(responder, mara.login);
    await expect(responder.getByRole('main')).toContainText('Maintenance: Bagger');
    await fits(responder, phone.width);
    await usable(responder);
    await responder.getByLabel('In how many minutes').fill('5');
    await responder.getByRole('button', { name: 'I am coming' }).click();
    await expect(responder).toHaveURL(`${floor.url}/andon`);
    await responder.locator('body[data-hydrated]').waitFor();
    const screens = [operator.locator('.help-calls .call'), card, responder.locator('.andon-main .call')];
    for (const screen of screens) {
      await expect(screen.locator('.call-who')).toHaveText(/^Comes in [45]:\d\d: Mara Meier/, { timeout: 1_000 });
    }
    await expect.poll(plays, 'it is silent again').toBe(false);
    await fits(responder, phone.width);
    await usable(responder);

    if (killed) {
      await power();
      for (const page of [operator, board, responder]) {
        await expect(page.getByRole('status')).toHaveText('live', { timeout: 30_000 });
      }
      for (const screen of screens) await expect(screen.locator('.call-who')).toContainText('Mara Meier');
    }

    // The link opens the call once.
    await responder.goto(link);
    await expect(responder.getByRole('button', { name: 'I am coming' })).toHaveCount(0);
    await responder.goto(`${floor.url}/andon`);
    await responder.locator('body[data-hydrated]').waitFor();
    await expect(responder.getByRole('status')).toHaveText('live');
    await responder.getByRole('button', { name: 'I am there' }).click();
    await responder.getByRole('button', { name: 'Here', exact: true }).click();
    await expect(board.getByText('No open calls')).toBeVisible({ timeout: 1_000 });
    await responder.getByRole('button', { name: 'Close it' }).click();
    for (const page of [operator, board, responder]) {
      await expect(page.locator('.call')).toHaveCount(0, { timeout: 1_000 });
    }
    expect(mailbox.to(mara.email), 'whoever ended it is not told that it is over').toHaveLength(1);
    for (const page of [operator, board, responder]) await page.context().close();
  });
}

test('without scripts a call is taken by the link as well', async ({ browser, mailed: { floor, mailbox } }) => {
  test.setTimeout(90_000);
  mailbox.mails.length = 0;
  const operator = await at(browser, floor, 'Operator', '/lines/L2', tablet);
  await operator.getByRole('button', { name: 'Help', exact: true }).click();
  await operator.getByRole('button', { name: 'Maintenance', exact: true }).click();
  await expect.poll(() => mailbox.to(mara.email).length, { timeout: 30_000 }).toBe(1);
  const link = /https?:\/\/\S+\/andon\/take\/[^\s>]+/.exec(mailbox.to(mara.email)[0]?.text ?? '')?.[0] ?? '';
  const pocket = await browser.newContext({ storageState: nobody, viewport: phone, javaScriptEnabled: false });
  const page = await pocket.newPage();
  await page.goto(link);
  await signIn(page, mara.login);
  await page.getByRole('button', { name: 'I am coming' }).click();
  await expect(page.locator('.andon-main .call .call-who')).toHaveText(/Mara Meier/);
  await expect(operator.locator('.help-calls .call .call-who')).toHaveText('Mara Meier is coming', { timeout: 1_000 });
  await pocket.close();
  await operator.context().close();
});

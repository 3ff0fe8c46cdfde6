// How somebody is reached: a phone number, push messages on their own device, a test that arrives; and what the service
// worker makes of a message. Push services are elsewhere, so the browser's own part of subscribing is played.

import { createECDH, randomBytes } from 'node:crypto';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { fits, usable, widths } from './everyone.ts';
import { Floor, expect, test as base } from './floor.ts';

/** Takes whatever is posted. */
class Service {
  private constructor(
    private readonly server: Server,
    readonly got: string[],
  ) {}

  static async start(): Promise<Service> {
    const got: string[] = [];
    const server = createServer((socket) => {
      socket.once('data', (data) => {
        got.push(data.toString('latin1').split('\r\n')[0] ?? '');
        socket.end('HTTP/1.1 201 Created\r\ncontent-length: 0\r\nconnection: close\r\n\r\n');
      });
      socket.on('error', () => socket.destroy());
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new Service(server, got);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.server.close();
  }
}

const test = base.extend<object, { pushed: { floor: Floor; service: Service } }>({
  pushed: [
    async ({}, use) => {
      const service = await Service.start();
      const settings = (url: string) =>
        `[delivery]\naddress = "${url}"\n[delivery.push]\ncontact = "mailto:floor@plant.example"\nservices = ["${service.url}"]\n`;
      const floor = await Floor.start(undefined, settings);
      await use({ floor, service });
      await floor.stop();
      service.stop();
    },
    { scope: 'worker' },
  ],
});

/** What a push service and the browser make of a subscription. */
function subscribed([endpoint, p256dh, auth]: readonly string[]): void {
  const bytes = (hex: string) => Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16)).buffer;
  const keys: Record<string, ArrayBuffer> = { p256dh: bytes(p256dh ?? ''), auth: bytes(auth ?? '') };
  PushManager.prototype.subscribe = async (options) => {
    Object.assign(window, { asked: options });
    const made = { endpoint, options, getKey: (name: string) => keys[name] ?? null };
    return made as unknown as PushSubscription;
  };
}

test('a number is kept as it is dialled from anywhere, and a wrong one is refused', async ({ browser, pushed: { floor } }) => {
  const context = await browser.newContext({ storageState: await floor.signIn(browser, 'Operator') });
  const page = await context.newPage();
  await page.goto(`${floor.url}/account`);
  await page.getByRole('link', { name: 'How you are reached' }).click();
  await page.getByLabel('Number for text messages').fill('0471 000000');
  await page.getByRole('button', { name: 'Save the number' }).click();
  await expect(page.getByRole('alert').first()).toContainText('country code');
  await page.getByLabel('Number for text messages').fill('+39 (0471) 00-00-00');
  await page.getByRole('button', { name: 'Save the number' }).click();
  await expect(page.getByRole('status')).toHaveText('The number is saved.');
  await expect(page.getByLabel('Number for text messages')).toHaveValue('+390471000000');
  for (const width of [390, ...widths]) await fits(page, width);
  await usable(page);
  await context.close();
});

test('push is turned on by a click, tested, shown by the service worker, and removed', async ({
  browser,
  pushed: { floor, service },
}) => {
  const device = createECDH('prime256v1');
  device.generateKeys();
  const context = await browser.newContext({ storageState: await floor.signIn(browser, 'Maintenance Technician') });
  await context.grantPermissions(['notifications'], { origin: floor.url });
  const page = await context.newPage();
  const keys = [`${service.url}/device`, device.getPublicKey('hex'), randomBytes(16).toString('hex')] as const;
  await page.addInitScript(subscribed, keys);
  await page.goto(`${floor.url}/account/reached`);
  await page.getByLabel('What you call this device').fill('my <b>phone</b>');
  for (const width of [390, ...widths]) await fits(page, width);
  await usable(page);
  await page.getByRole('button', { name: 'Turn on push on this device' }).click();
  await expect(page.getByRole('status')).toHaveText('Push is on. Send yourself a test.');
  await expect(page.getByRole('row').filter({ hasText: 'my <b>phone</b>' })).toHaveCount(1);

  await page.getByRole('button', { name: 'Send me a test: Push' }).click();
  await expect(page.getByRole('status')).toContainText('Sent to my <b>phone</b>');
  expect(service.got).toEqual(['POST /device HTTP/1.1']);
  for (const width of [390, ...widths]) await fits(page, width);
  await usable(page);

  // What the browser hands to the service worker is shown, and leads to pages of this site only.
  const cdp = await context.newCDPSession(page);
  const registered = new Promise<string>((resolve) =>
    cdp.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
      const own = registrations.find((r) => r.scopeURL === `${floor.url}/` && !r.isDeleted);
      if (own) resolve(own.registrationId);
    }),
  );
  await cdp.send('ServiceWorker.enable');
  const registrationId = await registered;
  const worker = context.serviceWorkers()[0] ?? (await context.waitForEvent('serviceworker'));
  // A browser without a screen shows nothing: what it is asked to show is kept.
  type Asked = { title: string; body?: string; to?: string };
  await worker.evaluate(() => {
    const { registration } = self as unknown as { registration: ServiceWorkerRegistration };
    const asked: Asked[] = [];
    Object.assign(self, { asked });
    registration.showNotification = async (title, options) => {
      asked.push({ title, body: options?.body, to: options?.data.navigate });
    };
  });
  const notification = { title: 'Stop: Bagger', body: 'Nobody took it.', navigate: `${floor.url}/andon/history?call=1`, tag: 'a1' };
  const far = { ...notification, navigate: 'https://elsewhere.example/' };
  const shown = () => worker.evaluate(() => (self as unknown as { asked: Asked[] }).asked);
  const said = { title: notification.title, body: notification.body };
  for (const [sent, to] of [
    [{ web_push: 8030, notification }, notification.navigate],
    [{ web_push: 8030, notification: far }, `${floor.url}/`],
  ] as const) {
    const before = (await shown()).length;
    await cdp.send('ServiceWorker.deliverPushMessage', { origin: floor.url, registrationId, data: JSON.stringify(sent) });
    await expect.poll(async () => (await shown()).slice(before)).toEqual([{ ...said, to }]);
  }
  // A message that cannot be read is told all the same.
  await cdp.send('ServiceWorker.deliverPushMessage', { origin: floor.url, registrationId, data: 'no JSON' });
  await expect.poll(async () => (await shown()).at(-1)?.title).toBe('MS5 Floor');
  const leads = (to: string) =>
    worker.evaluate((to) => (self as unknown as { ownPage: (to: string) => string }).ownPage(to), to);
  expect(await leads('https://elsewhere.example/')).toBe(`${floor.url}/`);
  expect(await leads('javascript:alert(1)')).toBe(`${floor.url}/`);
  expect(await leads('/andon')).toBe(`${floor.url}/andon`);

  await page.getByRole('row').filter({ hasText: 'my <b>phone</b>' }).getByRole('button', { name: 'Remove' }).click();
  await expect(page.getByRole('status')).toHaveText('That device takes no messages any more.');
  await expect(page.getByRole('row').filter({ hasText: 'my <b>phone</b>' })).toHaveCount(0);
  await context.close();
});

test('a browser that was told to show nothing says so, and without scripts nothing is offered', async ({
  browser,
  pushed: { floor },
}) => {
  const signedIn = await floor.signIn(browser, 'Operator');
  const context = await browser.newContext({ storageState: signedIn });
  const page = await context.newPage();
  await page.addInitScript(() => {
    Notification.requestPermission = async () => 'denied';
  });
  await page.goto(`${floor.url}/account/reached`);
  await page.getByLabel('What you call this device').fill('tablet');
  await page.getByRole('button', { name: 'Turn on push on this device' }).click();
  await expect(page.locator('#push-said')).toContainText('Not turned on');
  await usable(page);
  await context.close();
  const still = await browser.newContext({ storageState: signedIn, javaScriptEnabled: false });
  const plain = await still.newPage();
  await plain.goto(`${floor.url}/account/reached`);
  await expect(plain.getByText('Turning it on needs scripts.')).toBeVisible();
  await expect(plain.getByRole('button', { name: 'Turn on push' })).toBeHidden();
  await still.close();
});

// A server of its own for a group of tests: a fresh database, a small plant, a key to send facts with, and somebody who
// has signed in.

import { type Browser, type BrowserContext, type Page, test as base, expect } from '@playwright/test';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** One item for ingest; see `src/api/ingest.rs`. */
export type Item = { machine: string; kind: string; at?: number } & Record<string, unknown>;

const always = { name: 'Round the clock', days: [1, 2, 3, 4, 5, 6, 7], start: '00:00', end: '00:00' };

/** Cookies of a browser in which somebody signed in. */
export type SignedIn = Awaited<ReturnType<BrowserContext['storageState']>>;

/** A browser in which nobody has signed in. */
export const nobody: SignedIn = { cookies: [], origins: [] };

/** A zone in which it is between two and three in the afternoon: the stops of the plant lie in the running day, whenever the tests run. */
function afternoon(): string {
  const ahead = ((14 - new Date().getUTCHours() + 36) % 24) - 12;
  // These zones are named the other way round: Etc/GMT-2 is two hours ahead.
  return ahead === 0 ? 'Etc/UTC' : `Etc/GMT${ahead > 0 ? '-' : '+'}${Math.abs(ahead)}`;
}

/**
 * Two lines with a calendar, one whose machines stand side by side and say themselves when they are scheduled. It is
 * simulated, so one tap signs in.
 */
const plant = {
  site: { code: 'TEST', name: 'Test hall', zone: afternoon(), simulated: true },
  area: [{ code: 'A', name: 'Packing' }],
  shift: [always],
  line: [
    { code: 'L1', name: 'Bagger', area: 'A', shifts: [always.name] },
    { code: 'L2', name: 'Bottling', area: 'A', shifts: [always.name] },
    { code: 'L3', name: 'Presses', area: 'A', coupling: 'parallel' },
  ],
  machine: [
    { code: 'M1', name: 'Bagger head', line: 'L1', pacing: true, output: true },
    { code: 'M2', name: 'Filler', line: 'L2', pacing: true },
    { code: 'M3', name: 'Packer', line: 'L2', output: true },
    { code: 'M4', name: 'Press 1', line: 'L3' },
    { code: 'M5', name: 'Press 2', line: 'L3', silence_s: 60 },
  ],
  product: [{ code: 'P1', name: 'White loaf' }],
  rate: ['M1', 'M2', 'M3', 'M4', 'M5'].map((machine) => ({ machine, product: 'P1', units: 60, per_s: 60 })),
  fault: [{ machine: 'M1', code: 'F44', text: 'Wicket height overtravel' }],
};

async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      const port = typeof address === 'object' && address ? address.port : 0;
      probe.close(() => resolve(port));
    });
  });
}

export function required(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set; run 'cargo xtask test', which sets it`);
  return value;
}

export class Floor {
  private server?: ChildProcess;
  private sent = 0;
  private last: object[] = [];
  private readonly folder = mkdtempSync(join(tmpdir(), 'ms5-floor-'));
  private key = '';

  private constructor(
    private readonly port: number,
    private readonly elsewhere?: string,
    private readonly settings?: string,
  ) {}

  /** On a file of its own, or on the database that is given; `settings` makes a settings file for the site's address. */
  static async start(database?: string, settings?: (url: string) => string): Promise<Floor> {
    const port = await freePort();
    const floor = new Floor(port, database, settings?.(`http://127.0.0.1:${port}`));
    const keyFile = join(floor.folder, 'key');
    const args = ['key', 'create', '--name', 'browser-tests', '--may-backfill', '--may-configure', '--out', keyFile];
    // Not waited for in one go: the database may be reached by way of this very program.
    await promisify(execFile)(required('MS5_BIN'), [...args, '--database', floor.database]);
    floor.key = readFileSync(keyFile, 'utf8').trim();
    await floor.serve();
    await floor.request('PUT', '/api/v1/plant', plant);
    await floor.shiftSoFar();
    return floor;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  private get database(): string {
    return this.elsewhere ?? `sqlite://${join(this.folder, 'floor.db')}`;
  }

  /** Starts the server, on the same port and data as before, and waits until it is ready. */
  async serve(): Promise<void> {
    const args = ['serve', '--database', this.database, '--site', required('MS5_SITE')];
    if (this.settings) {
      const file = join(this.folder, 'floor.toml');
      writeFileSync(file, this.settings);
      args.push('--config', file);
    }
    const server = spawn(required('MS5_BIN'), [...args, '--listen', `127.0.0.1:${this.port}`, '--demonstration'], { stdio: 'inherit' });
    this.server = server;
    await expect
      .poll(
        async () => {
          if (server.exitCode !== null) throw new Error(`the server ended with ${server.exitCode}`);
          return fetch(`${this.url}/health/ready`).then((r) => r.status, () => 0);
        },
        { timeout: 20_000, intervals: [50] },
      )
      .toBe(200);
  }

  /** Ends the server the hard way, as a power cut would. */
  async kill(): Promise<void> {
    const server = this.server;
    if (!server || server.exitCode !== null || server.signalCode !== null) return;
    const ended = new Promise((resolve) => server.once('exit', resolve));
    server.kill('SIGKILL');
    await ended;
  }

  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Signs in on the sign-in page, as a person does: one tap on a role of the demonstration. */
  async signIn(browser: Browser, role = 'Production Manager'): Promise<SignedIn> {
    // Playwright gives contexts made by hand the options of the test: this one begins with nobody.
    const context = await browser.newContext({ storageState: nobody });
    const page = await context.newPage();
    await page.goto(`${this.url}/sign-in`);
    await page.getByRole('button', { name: role, exact: true }).click();
    await page.waitForURL((url) => !url.pathname.startsWith('/sign-in'));
    const signedIn = await context.storageState();
    await context.close();
    return signedIn;
  }

  /** Sends facts; returns when they are stored for good. */
  async tell(...items: Item[]): Promise<void> {
    const batch = items.map((item) => ({ id: `t${(this.sent += 1)}`, at: Date.now(), ...item }));
    this.last = batch;
    const answer = await this.request('POST', '/api/v1/ingest', { items: batch });
    const { accepted } = (await answer.json()) as { accepted: number };
    expect(accepted, 'every item is accepted').toBe(items.length);
  }

  /** Sends the last batch once more, as a sender does whose answer got lost. */
  async tellAgain(): Promise<void> {
    const answer = await this.request('POST', '/api/v1/ingest', { items: this.last });
    const { duplicate } = (await answer.json()) as { duplicate: number };
    expect(duplicate, 'every item is known already').toBe(this.last.length);
  }

  private async request(method: string, path: string, body: unknown): Promise<Response> {
    const headers = { authorization: `Bearer ${this.key}`, 'content-type': 'application/json' };
    const answer = await fetch(this.url + path, { method, headers, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer;
  }

  /** An hour of work: running, one stop of ten minutes, pieces every minute. */
  private async shiftSoFar(): Promise<void> {
    const now = Date.now();
    const ago = (minutes: number) => now - minutes * 60_000;
    for (const machine of ['M1', 'M2', 'M3', 'M4', 'M5']) {
      const items: Item[] = [
        { machine, kind: 'product', product: 'P1', at: ago(60) },
        { machine, kind: 'state', state: 'running', at: ago(60) },
        { machine, kind: 'state', state: 'stopped', fault: 'F44', at: ago(40) },
        { machine, kind: 'state', state: 'running', at: ago(30) },
      ];
      for (let minute = 59; minute >= 1; minute -= 1) {
        // Press 2 falls silent ten minutes ago.
        if (machine === 'M5' && minute < 10) break;
        if (minute > 40 || minute <= 30) items.push({ machine, kind: 'count', good: 54, scrap: 1, at: ago(minute) });
      }
      await this.tell(...items);
    }
  }
}

type Screen = { width: number; height: number };

/** Of a hall, of a line, in a pocket. */
export const wall: Screen = { width: 1920, height: 1080 };
export const tablet: Screen = { width: 768, height: 1024 };
export const phone: Screen = { width: 390, height: 844 };

/** Somebody with this role, at a screen of this size, on a page that follows the floor. */
export async function at(browser: Browser, floor: Floor, role: string, path: string, viewport: Screen): Promise<Page> {
  const context = await browser.newContext({ storageState: await floor.signIn(browser, role), viewport });
  const page = await context.newPage();
  await page.goto(floor.url + path);
  await page.locator('body[data-hydrated]').waitFor();
  await expect(page.getByRole('status')).toHaveText('live');
  return page;
}

/** A test with a server of its worker, in a browser where a production manager has signed in. */
export const test = base.extend<object, { floor: Floor; manager: SignedIn }>({
  floor: [
    async ({}, use) => {
      const floor = await Floor.start();
      await use(floor);
      await floor.stop();
    },
    { scope: 'worker' },
  ],
  manager: [async ({ floor, browser }, use) => use(await floor.signIn(browser)), { scope: 'worker' }],
  storageState: async ({ manager }, use) => use(manager),
});

export { expect };

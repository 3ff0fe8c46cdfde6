// From an event to the painted frame. Opens the board, posts state changes of one line from inside the page (one clock
// for everything), and waits until the tile's state word has changed and the frame with it has been painted.
// Prints one JSON object: for every sample the milliseconds from before the POST. Started by `cargo xtask bench`.

import { chromium } from '@playwright/test';

// As in playwright.config.ts.
const args = [
  '--no-sandbox',
  '--disable-dev-shm-usage',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

function required(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set; run 'cargo xtask bench --only pixel', which sets it`);
  return value;
}

/** Runs in the page. */
async function measure({ key, line, machine, samples, warmUp }) {
  const WORDS = /^(running|slow|stopped|idle|starved|blocked|changeover|planned( stop)?|break|not scheduled|no data)$/i;

  // By what a person sees: the name of the line, and around it the smallest box that also holds a state word. No class
  // is relied on, so the markup may change.
  const text = (element) => (element.childElementCount === 0 ? element.textContent.trim() : '');
  const leaves = (root) => [...root.querySelectorAll('*')].filter((e) => text(e) !== '');
  const word = () => {
    for (const name of leaves(document.body).filter((e) => text(e) === line)) {
      for (let box = name.parentElement; box && box !== document.body; box = box.parentElement) {
        const found = box.querySelector('.state-word') ?? leaves(box).find((e) => WORDS.test(text(e)));
        if (found) return found;
        // A box with the name of another line in it is not this line's tile.
        if (box.matches('main')) break;
      }
    }
    return null;
  };

  let sent = 0;
  const post = (state) =>
    fetch('/api/v1/ingest', {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        items: [{ id: `pixel-${Date.now()}-${(sent += 1)}`, machine, at: Date.now(), kind: 'state', state }],
      }),
    });

  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

  /** One change of state, and when what became of it. */
  const sample = (state) =>
    new Promise((resolve, reject) => {
      const element = word();
      if (!element) return reject(new Error(`the board shows no tile of '${line}' with a state word`));
      const before = text(element);
      const seen = {};
      const tooLate = setTimeout(() => {
        observer.disconnect();
        reject(new Error(`'${before}' did not change within 5 s after the state '${state}'`));
      }, 5_000);
      const start = performance.now();
      const at = (name) => {
        seen[name] = performance.now() - start;
        if (seen.stored && seen.next_frame && seen.painted) {
          clearTimeout(tooLate);
          resolve(seen);
        }
      };
      const observer = new MutationObserver(() => {
        const now = word();
        if (!now || text(now) === before) return;
        observer.disconnect();
        at('changed');
        requestAnimationFrame(() => {
          // This runs before the frame is painted; a message posted here is delivered right after.
          const { port1, port2 } = new MessageChannel();
          port1.onmessage = () => at('painted');
          port2.postMessage(null);
          requestAnimationFrame(() => at('next_frame'));
        });
      });
      observer.observe(document.body, { childList: true, characterData: true, subtree: true });
      post(state).then((answer) => (answer.ok ? at('stored') : reject(new Error(`POST: ${answer.status}`))), reject);
    });

  // The page is there before its script is: post until a change arrives by itself.
  let state = 'running';
  const turn = () => (state = state === 'running' ? 'stopped' : 'running');
  const ready = performance.now() + 30_000;
  for (let good = 0; good < warmUp; ) {
    try {
      await sample(turn());
      good += 1;
    } catch (error) {
      if (performance.now() > ready) throw error;
    }
    await pause(400);
  }

  const all = { stored: [], changed: [], painted: [], next_frame: [] };
  for (let n = 0; n < samples; n += 1) {
    const seen = await sample(turn());
    for (const name of Object.keys(all)) all[name].push(seen[name]);
    // Longer than changes of a tile are held together, and never in step with anything.
    await pause(350 + Math.random() * 350);
  }
  return all;
}

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args });
try {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, locale: 'en-GB', timezoneId: 'UTC' });
  // The plant is simulated: one tap signs in, and leads on to the board.
  await page.goto(`${required('MS5_URL')}/sign-in`);
  await page.getByRole('button', { name: 'Viewer', exact: true }).click();
  await page.waitForURL((url) => url.pathname === '/', { waitUntil: 'load' });
  const all = await page.evaluate(measure, {
    key: required('MS5_KEY'),
    line: required('MS5_LINE'),
    machine: required('MS5_MACHINE'),
    samples: Number(required('MS5_SAMPLES')),
    warmUp: 3,
  });
  console.log(JSON.stringify(all));
} finally {
  await browser.close();
}

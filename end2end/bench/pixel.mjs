// From an event to the painted frame. Opens a board, brings about changes from inside the page (one clock for everything),
// and waits until what they change has changed and the frame with it has been painted: on the plant board the state word of
// one line's tile, on the board of calls (MS5_CALLS_OF) how many are open, as calls of that line come and go.
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
async function measure({ key, line, machine, callsOf, samples, warmUp }) {
  const WORDS = /^(running|slow|stopped|idle|starved|blocked|changeover|planned( stop)?|break|not scheduled|no data)$/i;

  const post = async (path, body) => {
    const answer = await fetch(path, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`POST ${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  };

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
  let state = 'running';
  /** A machine runs or stops; its line's tile says another word. */
  const tile = {
    shows: () => {
      const element = word();
      if (!element) throw new Error(`the board shows no tile of '${line}' with a state word`);
      return text(element);
    },
    change: () => {
      state = state === 'running' ? 'stopped' : 'running';
      sent += 1;
      const id = `pixel-${Date.now()}-${sent}`;
      return post('/api/v1/ingest', { items: [{ id, machine, at: Date.now(), kind: 'state', state }] });
    },
  };

  let open = null;
  /** Somebody calls, or a call is cancelled; the head of the board counts one more or less. */
  const call = {
    shows: () => document.querySelector('header').textContent.match(/open calls\s*(\d+)/)?.[1],
    change: async () => {
      if (open !== null) {
        const id = open;
        open = null;
        return post(`/api/v1/andon/calls/${id}/cancel`, { note: 'not needed' });
      }
      const raised = await post('/api/v1/andon', { line: callsOf, kind: 'safety' });
      open = raised.call.id;
    },
  };
  const watched = callsOf ? call : tile;

  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

  /** One change, and when what became of it. */
  const sample = () =>
    new Promise((resolve, reject) => {
      const before = watched.shows();
      const seen = {};
      const tooLate = setTimeout(() => {
        observer.disconnect();
        reject(new Error(`'${before}' did not change within 5 s`));
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
        if (watched.shows() === before) return;
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
      watched.change().then(() => at('stored'), reject);
    });

  // The page is there before its script is: post until a change arrives by itself.
  const ready = performance.now() + 30_000;
  for (let good = 0; good < warmUp; ) {
    try {
      await sample();
      good += 1;
    } catch (error) {
      if (performance.now() > ready) throw error;
    }
    await pause(400);
  }

  const all = { stored: [], changed: [], painted: [], next_frame: [] };
  for (let n = 0; n < samples; n += 1) {
    const seen = await sample();
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
  const callsOf = process.env.MS5_CALLS_OF;
  if (callsOf) await page.goto(`${required('MS5_URL')}/andon`);
  const all = await page.evaluate(measure, {
    key: required('MS5_KEY'),
    callsOf,
    line: callsOf ? '' : required('MS5_LINE'),
    machine: callsOf ? '' : required('MS5_MACHINE'),
    samples: Number(required('MS5_SAMPLES')),
    warmUp: 3,
  });
  console.log(JSON.stringify(all));
} finally {
  await browser.close();
}

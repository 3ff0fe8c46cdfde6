// Keeps a page of the desk current: when calls change it fetches its own address again and takes over what differs.

const part = document.getElementById('current');
const asOf = document.getElementById('current-as-of');
const said = document.getElementById('current-said');

/** Calls change together: so long nothing more came, in milliseconds. */
const QUIET = 1000;
/** But no longer than this after the first change. */
const LATEST = 4000;
/** Ages grow also while nothing changes. */
const AGED = 60_000;
/** The server speaks every 5 s; after this silence the connection is lost. */
const SILENT = 12_000;
/** So long it waits before it asks again what failed. */
const RETRY = 5000;
/** A page that nobody has seen for so long gives its connection back. */
const HIDDEN = 30_000;
/** Of facts nothing is wanted, whatever came. */
const STREAM = '/api/v1/live?since=9223372036854775807';

let stream = null;
let opened = 0;
let refused = 0;
let heard = Date.now();
let fetched = Date.now();
let hiddenSince = null;
/** When the first and the last change came that the page does not show yet. */
let first = null;
let last = null;
let isFetching = false;
let isSignedOut = false;

function tell(words) {
  if (said.textContent !== words) said.textContent = words;
}

function changed() {
  last = Date.now();
  first ??= last;
}

function lost() {
  tell(isSignedOut ? 'You are signed out: nothing new comes.' : 'Connection lost: trying again by itself.');
}

function close() {
  stream?.close();
  stream = null;
}

function open() {
  close();
  heard = opened = Date.now();
  stream = new EventSource(STREAM);
  const on = (name, take) =>
    stream.addEventListener(name, (event) => {
      heard = Date.now();
      take(event);
    });
  on('hello', () => {
    // What changed before the stream was there is on no event.
    changed();
    tell('');
  });
  on('ping', () => {});
  on('call', changed);
  on('calls', () => {});
  on('reset', changed);
  on('end', (event) => {
    isSignedOut = JSON.parse(event.data).why === 'signed_out';
    close();
    lost();
  });
  stream.addEventListener('error', lost);
}

/** Whether taking something over would take it out of somebody's hands. */
function isInUse() {
  const field = 'input, select, textarea';
  if (document.activeElement?.matches(field) || document.querySelector('dialog[open], :popover-open')) return true;
  if (!window.getSelection().isCollapsed) return true;
  return Array.from(part.querySelectorAll(field)).some((one) =>
    one instanceof HTMLSelectElement
      ? one.selectedIndex !== Math.max(0, Array.from(one.options).findIndex((option) => option.defaultSelected))
      : one.value !== one.defaultValue || one.checked !== one.defaultChecked,
  );
}

/** What can have the focus, each with a name by which it is found again. */
function focusable(within) {
  const seen = new Map();
  return Array.from(within.querySelectorAll('a, button, summary, [tabindex]'), (element) => {
    const { tagName, id } = element;
    const name = [tagName, id, element.getAttribute('href'), element.textContent].join('\n');
    const nth = (seen.get(name) ?? 0) + 1;
    seen.set(name, nth);
    return { element, name: `${name}\n${nth}` };
  });
}

/** Puts `fresh` into the place of `old`: what is open stays open, what was scrolled stays where it was, and the focus stays. */
function replace(old, fresh) {
  const details = fresh.querySelectorAll('details');
  if (fresh instanceof HTMLDetailsElement) fresh.open = old.open;
  old.querySelectorAll('details').forEach(({ open }, n) => {
    if (details[n]) details[n].open = open;
  });
  if (old.isEqualNode(fresh)) return;
  const focus = focusable(old).find(({ element }) => element === document.activeElement);
  const scrolled = Array.from(old.querySelectorAll('[tabindex="0"]'), ({ scrollLeft, scrollTop }) => [scrollLeft, scrollTop]);
  old.replaceWith(fresh);
  fresh.querySelectorAll('[tabindex="0"]').forEach((element, n) => {
    if (scrolled[n]) [element.scrollLeft, element.scrollTop] = scrolled[n];
  });
  if (focus) {
    const again = focusable(fresh).find(({ name }) => name === focus.name);
    (again?.element ?? document.getElementById('main')).focus({ preventScroll: true });
  }
}

async function renew() {
  const answer = await fetch(window.location.href, { headers: { accept: 'text/html' } });
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
  const fresh = page.getElementById('current');
  // Signed out, or away for now.
  if (!answer.ok || !fresh) throw new Error(`${answer.status}`);
  // Somebody may have begun meanwhile.
  if (isInUse()) return false;
  const [top, left] = [window.scrollY, window.scrollX];
  const pieces = Array.from(fresh.children);
  const old = Array.from(part.children);
  const alike = pieces.length === old.length && pieces.every((piece, n) => piece.tagName === old[n].tagName);
  if (alike) {
    pieces.forEach((piece, n) => replace(old[n], document.adoptNode(piece)));
  } else {
    const focus = focusable(part).find(({ element }) => element === document.activeElement);
    part.replaceChildren(...pieces);
    const again = focus && focusable(part).find(({ name }) => name === focus.name);
    if (focus) (again?.element ?? document.getElementById('main')).focus({ preventScroll: true });
  }
  window.scrollTo({ top, left, behavior: 'instant' });
  asOf.textContent = page.getElementById('current-as-of')?.textContent ?? '';
  return true;
}

function look() {
  const now = Date.now();
  if (document.hidden) {
    hiddenSince ??= now;
    if (now - hiddenSince > HIDDEN) close();
    return;
  }
  hiddenSince = null;
  if (isSignedOut) return;
  // Closed while nobody looked, or by the browser, which gives up on some answers.
  const isBroken = !stream || stream.readyState === EventSource.CLOSED || now - heard > SILENT;
  if (isBroken && now - opened >= RETRY) {
    if (stream) lost();
    open();
  }
  const isDue = first !== null && (now - last >= QUIET || now - first >= LATEST);
  if (isFetching || now - refused < RETRY || isInUse() || !(isDue || now - fetched >= AGED)) return;
  isFetching = true;
  [first, last] = [null, null];
  renew()
    .then((isNew) => {
      if (!isNew) return changed();
      fetched = Date.now();
      if (stream?.readyState === EventSource.OPEN) tell('');
    })
    .catch(() => {
      refused = Date.now();
      changed();
      lost();
    })
    .finally(() => {
      isFetching = false;
    });
}

if (part) {
  // A signed-out or broken stream is taken up by the next look.
  window.setInterval(look, 500);
}

import { expect, test } from './floor.ts';
const OUT = '/tmp/andon-shots';
test('shots', async ({ browser, floor }) => {
  test.setTimeout(300_000);
  const as = async (role: string, viewport = { width: 1280, height: 900 }) => {
    const c = await browser.newContext({ storageState: await floor.signIn(browser, role), viewport });
    return c.newPage();
  };
  const api = async (page: any, path: string, body: any) => page.request.post(`${floor.url}/api/${path}`, { data: body, headers: { origin: floor.url } }).then((r: any) => r.json());
  const mgr = await as('Production Manager');
  const tech = await as('Maintenance Technician');
  const wall = await as('Viewer', { width: 1920, height: 1080 });
  const shot = async (page: any, name: string, path: string, w: number, h: number, scheme: 'light' | 'dark', full = false) => {
    await page.emulateMedia({ colorScheme: scheme });
    await page.setViewportSize({ width: w, height: h });
    await page.goto(floor.url + path);
    await page.locator('body[data-hydrated]').waitFor();
    await expect(page.getByRole('status')).toHaveText('live');
    await page.screenshot({ path: `${OUT}/${name}-${w}-${scheme}.png`, fullPage: full });
  };
  await shot(wall, 'calm', '/andon', 1920, 1080, 'light');
  const kinds = ['maintenance', 'material', 'quality', 'safety', 'stop'];
  const raise = (line: string, machine: string | null, kind: string, extra = {}) => api(mgr, 'andon_create', { call: { line, machine, kind, text: '', ...extra } });
  await raise('L1', 'M1', 'maintenance', { line_stopped: true, text: 'bearing squeals', priority: 'high' });
  await shot(wall, 'one', '/andon', 1920, 1080, 'light');
  const r = await raise('L2', null, 'material', { text: 'no film' });
  await api(tech, 'andon_acknowledge', { id: r.call.id, eta_min: 5 });
  await raise('L3', 'M4', 'safety');
  for (const s of ['light', 'dark'] as const) {
    await shot(wall, 'three', '/andon', 1920, 1080, s);
    await shot(mgr, 'mgr3', '/andon', 1280, 800, s);
    await shot(tech, 'tablet3', '/andon', 768, 1024, s, true);
    await shot(tech, 'phone3', '/andon', 390, 844, s, true);
    await shot(mgr, 'plant', '/', 1280, 800, s);
    await shot(mgr, 'plant', '/', 1920, 1080, s);
    await shot(mgr, 'line', '/lines/L1', 768, 1024, s);
    await shot(mgr, 'line', '/lines/L1', 1280, 900, s);
    await shot(mgr, 'linecalm', '/lines/L1?from=1790000040000&to=1790003640000', 768, 1024, s);
    await mgr.goto(floor.url + '/lines/L1'); await mgr.locator('body[data-hydrated]').waitFor();
    await mgr.setViewportSize({ width: 768, height: 1024 });
    await mgr.getByRole('button', { name: 'Help', exact: true }).click();
    await mgr.screenshot({ path: `${OUT}/help-768-${s}.png` });
    await mgr.setViewportSize({ width: 1280, height: 800 });
    await mgr.goto(floor.url + '/andon'); await mgr.locator('body[data-hydrated]').waitFor();
    await mgr.locator('.call').nth(1).getByRole('button', { name: 'Answer' }).click();
    await mgr.screenshot({ path: `${OUT}/answer-1280-${s}.png` });
  }
  let n = 3;
  for (const [line, machine] of [['L1', null], ['L1', 'M1'], ['L2', null], ['L2', 'M2'], ['L2', 'M3'], ['L3', null]] as const) {
    for (const kind of kinds) {
      const made = await raise(line, machine, kind, { text: '' });
      if (!made.joined) n += 1;
      if (n % 3 === 0 && !made.joined) await api(tech, 'andon_acknowledge', { id: made.call.id, eta_min: 2 });
      if ([6, 9, 12, 20, 26].includes(n) && !made.joined) await shot(wall, `many${n}`, '/andon', 1920, 1080, n === 12 ? 'dark' : 'light');
    }
  }
  await shot(wall, 'flood', '/andon', 1280, 800, 'dark');
  await shot(wall, 'viewerphone', '/andon', 390, 844, 'light');
});

import { chromium } from '@playwright/test';
const base = process.argv[2]; const list = process.argv.slice(3);
const b = await chromium.launch({ executablePath: '/usr/bin/chromium', args:['--no-sandbox'] });
for (const spec of list) {
  const [name, path, width='1280', scheme='light', act] = spec.split('|');
  const p = await b.newPage({ viewport: { width: +width, height: 900 }, colorScheme: scheme });
  p.on('console', m => { if (['error','warning'].includes(m.type())) console.log(name, m.type(), m.text()); });
  p.on('pageerror', e => console.log(name, 'pageerror', String(e)));
  const r = await p.goto(base + path);
  await p.locator('body[data-hydrated]').waitFor({timeout: 20000}).catch(e=>console.log(name,'not hydrated'));
  console.log(name, r.status());
  if (act === 'open') { await p.locator('details.account-of summary').first().click(); await p.waitForTimeout(600); }
  await p.screenshot({ path: `/tmp/ui-run/${name}.png`, fullPage: true });
  await p.close();
}
await b.close();

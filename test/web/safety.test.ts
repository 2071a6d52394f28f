import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { openOrders } from '../../src/store/orders.ts';
import { fullSite } from '../cli/gather-shapes.ts';
import { testSite } from '../cli/site.ts';
import { keyOf } from '../../src/views/web/files.ts';
import { TOKEN, testWeb, timersOf } from './web-site.ts';

const ordersOf = (site: ReturnType<typeof fullSite>) => openOrders(site.store.db);

describe('whom the page answers', () => {
  test('a request for one of its names, or for an address', async () => {
    const web = testWeb(fullSite());
    for (const host of [
      'localhost:8787',
      '127.0.0.1:9000',
      '[::1]:8787',
      'LOCALHOST',
      'mqi.example.org',
      '10.1.2.3:80',
    ]) {
      expect([host, (await web.get('/', { host })).status]).toEqual([host, 200]);
    }
  });

  test('no request for any other name, which anybody can make to point here; the refusal is logged', async () => {
    const web = testWeb(fullSite());
    const names = [
      'evil.example',
      'localhost.evil.example',
      'evil.example:8787',
      'localhost:8787@evil.example',
      'a b',
      '1.2.3',
      '',
    ];
    for (const host of names) expect([host, (await web.get('/', { host })).status]).toEqual([host, 421]);
    expect(web.lines.filter((line) => line.includes('refused'))).toHaveLength(names.length);
  });

  test('no other method than GET and POST, and it says so', async () => {
    const web = testWeb(fullSite());
    for (const method of ['PUT', 'DELETE', 'PATCH', 'OPTIONS', 'HEAD', 'TRACE-ME']) {
      const answer = await web.app.request('http://localhost/', { method, headers: { host: 'localhost' } });
      expect([method, answer.status, answer.headers.get('allow')]).toEqual([method, 405, 'GET, POST']);
    }
  });

  test('HEAD as GET without its text, where a program watches', async () => {
    const web = testWeb(fullSite());
    const ask = (path: string, method: string) =>
      web.app.request(`http://localhost${path}`, { method, headers: { host: 'localhost' } });
    for (const path of ['/livez', '/readyz', '/metrics']) {
      const [head, get] = [await ask(path, 'HEAD'), await ask(path, 'GET')];
      expect([path, head.status, head.headers.get('content-type')]).toEqual([
        path,
        get.status,
        get.headers.get('content-type'),
      ]);
      expect([await head.text(), (await get.text()).length > 0]).toEqual(['', true]);
      const posted = await ask(path, 'POST');
      expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    }
  });
});

describe('every answer', () => {
  const PAGES = [
    '/',
    '/cases',
    '/cases/b4d3n3rgy',
    '/hosts',
    '/machines',
    '/orders',
    '/notifications',
    '/intake',
    '/login',
  ];

  test('may run, load and be framed by nothing but our own', async () => {
    const web = testWeb(fullSite());
    for (const path of [...PAGES, '/nothing', '/events', '/cases/none', '/cases/b4d3n3rgy/results/1/none']) {
      const { headers } = await web.get(path);
      const policy = headers.get('content-security-policy') ?? '';
      for (const rule of ["default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'"])
        expect([path, policy]).toEqual([path, expect.stringContaining(rule)]);
      expect(policy).not.toContain('unsafe');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('cache-control')).toBe('no-store');
    }
  });

  test('holds no script and no style of its own, which the policy would refuse anyway, and loads nothing from elsewhere', async () => {
    const web = testWeb(fullSite());
    for (const path of PAGES) {
      const text = await (await web.get(path)).text();
      expect(text.match(/<script(?![^>]* src="\/assets\/)/g)).toBeNull();
      expect(text.match(/<style| style=| on[a-z]+="/g)).toBeNull();
      expect(text.match(/(?:src|href|action)="(?!\/|#)[^"]*"/g)).toBeNull();
    }
  });

  test('names of patients are in no address', async () => {
    const site = fullSite();
    const web = testWeb(site);
    for (const path of ['/', '/cases', '/cases/b4d3n3rgy', '/hosts']) {
      const text = await (await web.get(path)).text();
      const addresses = [...text.matchAll(/(?:src|href|action|data-tail|value)="([^"]*)"/g)].map(
        ([, address]) => address,
      );
      expect(addresses.filter((address) => /bad-energy|lung-|brain-/.test(address ?? ''))).toEqual([]);
    }
  });
});

describe('names that a user chose', () => {
  const NASTY = `<script>alert(1)</script>"'><img src=x onerror=alert(1)>\u202e`;

  test('are shown as they are and do nothing', async () => {
    const site = testSite();
    site.admit(NASTY, 'nasty');
    const web = testWeb(site);
    for (const path of ['/', '/cases', '/cases/nasty', `/cases?q=${encodeURIComponent(NASTY)}`]) {
      const text = await (await web.get(path)).text();
      expect(text).not.toContain('<script>alert');
      expect(text).not.toContain('<img src=x');
      expect(text).not.toContain('\u202e');
      expect(text).toContain('&lt;script&gt;');
    }
  });

  test('a reason is as harmless', async () => {
    const site = fullSite();
    const web = testWeb(site);
    const cookie = await web.login();
    await web.post('/orders', { kind: 'cancel', case: 'lung7k2m9', why: NASTY }, cookie);
    expect(await (await web.get('/orders')).text()).not.toContain('<script>alert');
  });
});

describe('orders', () => {
  const order = { kind: 'cancel', case: 'lung7k2m9', why: 'a test' };

  test('are reviewed by a filter that is an address, and by nothing else', async () => {
    const web = testWeb(fullSite());
    const review = async (filter: string) =>
      (await web.post('/orders/review', { kind: 'cancel', scope: 'all', filter })).status;
    for (const filter of ['//', 'http://[', 'http://a b/'])
      expect([filter, await review(filter)]).toEqual([filter, 400]);
    for (const filter of ['', '/cases?state=running', '?q=%'])
      expect([filter, await review(filter)]).toEqual([filter, 200]);
  });

  test('are recorded with the name of the token and the reason', async () => {
    const site = fullSite();
    const web = testWeb(site);
    const answer = await web.post('/orders', order, await web.login());
    expect(answer.status).toBe(303);
    expect(answer.headers.get('location')).toBe('/cases/lung7k2m9');
    expect(ordersOf(site)).toMatchObject([{ kind: 'cancel', caseId: 'lung7k2m9', by: 'alice', why: 'a test' }]);
  });

  test('without a token, or with one that was made up, change nothing, and are logged', async () => {
    const site = fullSite();
    const web = testWeb(site);
    for (const cookie of ['', 'mqi-test=alice~99999999999999~AAAA', `mqi-test=${TOKEN}`, `mqi-test=alice~1~${TOKEN}`]) {
      expect([cookie, (await web.post('/orders', order, { cookie })).status]).toEqual([cookie, 403]);
    }
    expect(ordersOf(site)).toEqual([]);
    expect(web.lines.filter((line) => line.includes('refused'))).toHaveLength(4);
  });

  test('from another origin change nothing, though the token is right', async () => {
    const site = fullSite();
    const web = testWeb(site);
    const cookie = await web.login();
    const foreign: readonly (readonly [string, string])[] = [
      ['cross-site', 'http://evil.example'],
      ['same-site', 'http://localhost:9999'],
      // a browser without Sec-Fetch-Site, a sandboxed file, and what is no browser
      ['', 'http://evil.example'],
      ['', 'http://localhost:8787.evil.example'],
      ['cross-site', 'null'],
      ['', 'null'],
      ['', ''],
    ];
    for (const [site, origin] of foreign) {
      const answer = await web.post('/orders', order, { ...cookie, 'sec-fetch-site': site, origin });
      expect([site, origin, answer.status]).toEqual([site, origin, 403]);
    }
    expect(ordersOf(site)).toEqual([]);
  });

  test('without a reason change nothing', async () => {
    const site = fullSite();
    const web = testWeb(site);
    const cookie = await web.login();
    for (const why of ['', '   ', 'x'.repeat(501)]) {
      expect((await web.post('/orders', { ...order, why }, cookie)).status).toBe(400);
    }
    expect(ordersOf(site)).toEqual([]);
  });

  test('that are huge or malformed change nothing, and are logged', async () => {
    const site = fullSite();
    const web = testWeb(site);
    const cookie = await web.login();
    const json = { 'content-type': 'application/json' };
    const parts = { 'content-type': 'multipart/form-data; boundary=x' };
    const many = Array.from({ length: 501 }, (_, n) => `case=${n}`).join('&');
    const bodies: readonly (readonly [string, Record<string, string>, number])[] = [
      [`why=${'x'.repeat(70_000)}`, {}, 413],
      ['{"kind":"cancel"}', json, 415],
      ['--x', parts, 415],
      ['%ff%fe%00=%80&kind=%', {}, 400],
      ['kind=destroy&case=lung7k2m9&why=x', {}, 400],
      ['kind=cancel&case=nothing&why=x', {}, 400],
      ['kind=cancel&case=lung7k2m9&case=nothing&why=x', {}, 400],
      [`kind=cancel&why=x&${many}`, {}, 400],
      ['kind=priority&case=lung7k2m9&priority=1e99&why=x', {}, 400],
      ['kind=limit&case=lung7k2m9&limit=forever&why=x', {}, 400],
    ];
    for (const [body, headers, status] of bodies) {
      const answer = await web.post('/orders', body, { ...cookie, ...headers });
      expect([body.slice(0, 60), answer.status]).toEqual([body.slice(0, 60), status]);
    }
    expect(ordersOf(site)).toEqual([]);
    expect(web.lines.filter((line) => line.includes('refused'))).toHaveLength(bodies.length);
  });

  test('of several cases say first how many, and which cannot be', async () => {
    const site = fullSite();
    const web = testWeb(site);
    const cookie = await web.login();
    const form = 'kind=cancel&scope=all&filter=%2Fcases';
    const review = await (await web.post('/orders/review', form, cookie)).text();
    expect(review).toContain('Cancel 2 cases');
    expect(review).toMatch(/1 case left out[^]*bad-energy[^]*it is failed already/);
    const ids = [...review.matchAll(/name="case" value="([^"]+)"/g)].map(([, id]) => id!);
    const answer = await web.post('/orders', `kind=cancel&why=all&${ids.map((id) => `case=${id}`).join('&')}`, cookie);
    expect(answer.headers.get('location')).toBe('/orders?from=1');
    expect(ordersOf(site)).toHaveLength(2);
  });
});

describe('the token', () => {
  test('is not in the cookie, which no script can read and no other site sends along', async () => {
    const web = testWeb(fullSite());
    const cookie = (await web.post('/login', { token: TOKEN })).headers.get('set-cookie') ?? '';
    expect(cookie).toMatch(/^mqi-test=alice~\d+~[\w-]{43}; Max-Age=43200; Path=\/; HttpOnly; SameSite=Strict$/);
    expect(cookie).not.toContain(TOKEN);
  });

  test('wrong ones are refused, logged, and after a few nobody may try again for a while', async () => {
    const site = fullSite();
    const web = testWeb(site);
    for (let tries = 0; tries < 5; tries += 1) {
      const answer = await web.post('/login', { token: `wrong ${tries}` });
      expect([answer.status, answer.headers.get('set-cookie')]).toEqual([303, null]);
    }
    const late = await web.post('/login', { token: TOKEN });
    expect([late.status, late.headers.get('set-cookie')]).toEqual([429, null]);
    expect(web.lines.filter((line) => line.includes('a wrong token'))).toHaveLength(5);
    site.clock.pass(10_000);
    expect((await web.post('/login', { token: TOKEN })).status).toBe(303);
  });

  test('a session is over after twelve hours, and at once when its token is changed', async () => {
    const site = fullSite();
    const web = testWeb(site);
    const cookie = await web.login();
    const another = testWeb(site, { tokens: { kind: 'usable', tokens: [{ name: 'alice', secret: `${TOKEN} new` }] } });
    expect(await (await web.get('/', cookie)).text()).toContain('Log out');
    expect(await (await another.get('/', cookie)).text()).not.toContain('Log out');
    site.clock.pass(12 * 3_600_000);
    expect(await (await web.get('/', cookie)).text()).not.toContain('Log out');
  });

  test('without one configured the page is read-only, and says so', async () => {
    const site = fullSite();
    const web = testWeb(site, { tokens: { kind: 'none' } });
    expect((await web.post('/login', { token: TOKEN })).status).toBe(403);
    expect((await web.post('/orders', { kind: 'cancel', case: 'lung7k2m9', why: 'x' })).status).toBe(403);
    const page = await (await web.get('/cases/lung7k2m9')).text();
    expect(page).toContain('no token is set (web.token_file)');
    expect(page.match(/<button type="button" disabled/g)?.length).toBe(8);
  });

  test('where others can reach the page, nothing of it is read without one', async () => {
    const web = testWeb(fullSite(), { site: { isPublic: true } });
    for (const path of ['/', '/cases', '/cases/b4d3n3rgy', '/hosts', '/machines', '/orders', '/intake']) {
      const answer = await web.get(path);
      expect([path, answer.status, answer.headers.get('location')]).toEqual([path, 303, '/login']);
    }
    for (const path of ['/events', '/nothing']) expect((await web.get(path)).status).not.toBe(200);
    expect((await web.get('/', { 'mqi-parts': 'counts:x' })).status).toBe(403);
    expect((await web.get('/login')).status).toBe(200);
    expect((await web.get('/', await web.login())).status).toBe(200);
  });
});

describe('files of a case', () => {
  const SCRIPT = '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>';

  function withResults() {
    const site = fullSite();
    const folder = join(site.results, 'bad-energy', 'attempt-1');
    mkdirSync(join(folder, 'output'), { recursive: true });
    const files = [
      'output/x.svg',
      'output/x.html',
      'output/a b"c.csv',
      'stdout',
      '../../secret',
      '/etc/passwd',
      'link',
      'linked/passwd',
    ];
    writeFileSync(
      join(folder, 'manifest.json'),
      JSON.stringify({ files: files.map((path) => ({ path, sizeBytes: 1 })) }),
    );
    for (const name of ['output/x.svg', 'output/x.html', 'output/a b"c.csv']) writeFileSync(join(folder, name), SCRIPT);
    writeFileSync(join(folder, 'stdout'), 'said \u001b[31mred\u001b[0m \u001b[2J\n');
    writeFileSync(join(folder, 'unlisted'), 'not listed');
    writeFileSync(join(site.folder, 'secret'), 'secret');
    symlinkSync('/etc/passwd', join(folder, 'link'));
    symlinkSync('/etc', join(folder, 'linked'));
    const of = (path: string): string => `/cases/b4d3n3rgy/results/1/${keyOf(path)}`;
    return { site, web: testWeb(site), of };
  }

  test('a picture is shown in a box in which nothing runs; all else is downloaded', async () => {
    const { web, of } = withResults();
    const svg = await web.get(of('output/x.svg'));
    expect(await svg.text()).toBe(SCRIPT);
    expect(svg.headers.get('content-type')).toBe('image/svg+xml');
    expect(svg.headers.get('content-security-policy')).toMatch(/^sandbox; default-src 'none'/);
    const page = await web.get(of('output/x.html'));
    expect(page.headers.get('content-type')).toBe('application/octet-stream');
    expect(page.headers.get('content-disposition')).toBe("attachment; filename*=UTF-8''x.html");
    expect(page.headers.get('content-security-policy')).toMatch(/^sandbox; default-src 'none'/);
    const named = await web.get(of('output/a b"c.csv'));
    expect(named.headers.get('content-disposition')).toBe("attachment; filename*=UTF-8''a%20b%22c.csv");
  });

  test('what lies elsewhere, or behind a link, is not given out, even if a manifest names it', async () => {
    const { web, of } = withResults();
    for (const path of ['../../secret', '/etc/passwd', 'link', 'linked/passwd', 'unlisted']) {
      expect([path, (await web.get(of(path))).status]).toEqual([path, 404]);
    }
    expect(web.lines.filter((line) => line.includes('refused'))).toHaveLength(5);
  });

  test('no path in an address leads anywhere', async () => {
    const { web } = withResults();
    for (const path of [
      '/cases/b4d3n3rgy/results/1/../../../../etc/passwd',
      '/cases/b4d3n3rgy/results/1/..%2f..%2f..%2fsecret',
      '/cases/b4d3n3rgy/results/../1/x',
      '/cases/b4d3n3rgy/results/-1/x',
      '/cases/b4d3n3rgy/results/1e3/x',
      '/cases/..%2f..%2fetc/results/1/x',
      '/cases/b4d3n3rgy/inputs/..%2f..%2fmqi.yaml',
      '/assets/../../package.json',
      '/assets/x/..%2f..%2fpackage.json',
      '/cases/%00/inputs/x',
    ]) {
      const answer = await web.get(path);
      expect([path, answer.status, await answer.text()]).toEqual([path, 404, expect.stringMatching(/^there is n/)]);
    }
  });

  test('a collected log is text without what drives a terminal', async () => {
    const { web } = withResults();
    const answer = await web.get('/cases/b4d3n3rgy/log?stream=stdout');
    expect(await answer.text()).toBe('said red \\x1b[2J\n');
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain/);
    expect(answer.headers.get('mqi-log')).toBe('whole');
  });
});

test('so many downloads at once; one that nobody takes for a minute makes room', async () => {
  const site = fullSite();
  const timers = timersOf(site.clock);
  const folder = join(site.results, 'bad-energy', 'attempt-1');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify({ files: [{ path: 'big', sizeBytes: 1 }] }));
  writeFileSync(join(folder, 'big'), Buffer.alloc(5_000_000));
  const web = testWeb(site);
  const ask = (): Promise<Response> => web.get(`/cases/b4d3n3rgy/results/1/${keyOf('big')}`);
  const slow = await Promise.all(Array.from({ length: 24 }, ask));
  expect(slow.map(({ status }) => status)).toEqual(Array.from({ length: 24 }, () => 200));
  expect((await ask()).status).toBe(503);
  await slow[0]!.body!.cancel();
  const whole = await ask();
  expect((await whole.arrayBuffer()).byteLength).toBe(5_000_000);
  timers.fire(60_000);
  await expect(slow[1]!.arrayBuffer()).rejects.toThrow('nobody takes it');
  expect((await ask()).status).toBe(200);
});

test('requests beyond all measure are refused for a moment', async () => {
  const web = testWeb(fullSite());
  const statuses = new Set<number>();
  for (let asked = 0; asked < 2_100; asked += 1) statuses.add((await web.get('/nothing')).status);
  expect([...statuses]).toEqual([404, 429]);
  // and the log is not filled by them
  expect(web.lines.length).toBeLessThan(40);
});

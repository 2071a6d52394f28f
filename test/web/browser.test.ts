import { copyFileSync, rmSync } from 'node:fs';

import Sqlite from 'better-sqlite3';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';

import { systemClock } from '../../src/daemon/clock.ts';
import { serve } from '../../src/daemon/web/serve.ts';
import { testSite } from '../cli/site.ts';
import { hasChromium, startChromium } from '../lab/chromium.ts';
import { SECRET, createPagedSite, takePort } from './lab.ts';
import { testWeb } from './web-site.ts';

/** The machine may be slow and busy; nothing waits for it to pass. */
const PATIENCE_MS = 40_000;

let browser: Browser;

/** A browser profile of its own; anything that goes wrong in a page of it fails the test. */
async function profile(options: BrowserContextOptions = {}, expected?: RegExp): Promise<BrowserContext> {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(PATIENCE_MS);
  const troubles: string[] = [];
  context.on('console', (message) => {
    if (message.type() === 'error' && expected?.test(message.text()) !== true) troubles.push(message.text());
  });
  context.on('weberror', (error) => troubles.push(error.error().message));
  onTestFinished(async () => {
    await context.close();
    expect(troubles).toEqual([]);
  });
  return context;
}

/** Opens a page and marks it: a page that is loaded anew has no mark. */
async function open(context: BrowserContext, url: string): Promise<Page> {
  const page = await context.newPage();
  await page.goto(url);
  await live(page);
  await page.evaluate('window.mark = 1');
  return page;
}

const live = (page: Page): Promise<unknown> => page.waitForSelector('#live:has-text("live")');
const isSamePage = async (page: Page): Promise<boolean> => (await page.evaluate('window.mark')) === 1;

/** Waits until a picture of the results is there and so wide: it was loaded and drawn. */
async function widthOf(page: Page, name: string, width: number): Promise<void> {
  const ask = (): Promise<unknown> =>
    page.evaluate(`document.querySelector('.pictures img[alt$="${name}"]')?.naturalWidth`);
  await expect.poll(ask, { timeout: PATIENCE_MS }).toBe(width);
}

async function logIn(page: Page, url: string): Promise<void> {
  await page.goto(`${url}/login`);
  await page.fill('input[name=token]', SECRET);
  await page.click('main button');
  await page.waitForSelector('text=Log out');
}

/** Gives an order with a reason from the page of a case. */
async function order(page: Page, kind: string, label: string): Promise<void> {
  await page.click(`#action-${kind} summary`);
  await page.fill(`#action-${kind} input[name=why]`, `a test of ${kind}`);
  await page.click(`#action-${kind} form button:has-text("${label}")`);
}

/** A case may be called so: everything but a slash. */
const NASTY = `<img src=x onerror="fetch('pwned')">`;

const PICTURE =
  'printf "%s" "<svg xmlns=\\"http://www.w3.org/2000/svg\\" width=\\"8\\" height=\\"8\\"><rect width=\\"8\\" height=\\"8\\"/></svg>" > output/dose.svg';

if (!hasChromium) {
  test('the page in a browser is not tested: no chromium (test/lab/install.sh)', (context) => {
    if (process.env['CI'] === 'true') throw new Error('no chromium: test/lab/install.sh');
    context.skip();
  });
}

describe.runIf(hasChromium)('the page in a browser', () => {
  beforeAll(async () => {
    browser = await startChromium();
  });
  afterAll(() => browser.close());

  test('shows a drop appear, travel and complete, without a reload', async () => {
    const site = createPagedSite();
    site.start();
    const url = await site.served();
    const context = await profile();
    const page = await open(context, `${url}/`);
    await page.waitForSelector('#running:has-text("No case is")');
    site.drop('phantom', `${site.gate('go')}; mkdir output; ${PICTURE}; echo told`);
    await page.waitForSelector('#running tr:has-text("phantom") .badge:has-text("executing")');
    const { id } = site.caseOf('phantom');
    const own = await open(context, `${url}/cases/${id}`);
    await own.waitForSelector('.lit[data-path="running.executing"]');
    site.open('go');
    await page.waitForSelector('.counts .completed strong:has-text("1")');
    await page.waitForSelector('#latest li:has-text("results are back and verified")');
    await own.waitForSelector('#state .badge:has-text("completed")');
    await own.waitForSelector('.lit[data-path="completed"]');
    await widthOf(own, 'dose.svg', 8);
    await own.locator('#log').scrollIntoViewIfNeeded();
    await own.waitForSelector('#log pre:has-text("told")');
    expect([await isSamePage(page), await isSamePage(own)]).toEqual([true, true]);
  });

  test('cancels and retries a case, with a reason and the name of the token', async () => {
    const site = createPagedSite();
    site.start();
    const url = await site.served();
    site.drop('case', site.counting('case', site.gate('go')));
    const { id } = await site.in('case', 'executing');
    const page = await (await profile()).newPage();
    await page.goto(`${url}/cases/${id}`);
    expect(await page.locator('#actions button:disabled').count()).toBe(8);
    await logIn(page, url);
    await page.goto(`${url}/cases/${id}`);
    expect(await page.textContent('#actions li.off:has-text("Retry")')).toContain('only a case that is over');
    await order(page, 'cancel', 'Cancel');
    await page.waitForSelector('#state .failure:has-text("cancelled")');
    await page.waitForSelector('#orders tr:has-text("tester"):has-text("a test of cancel"):has-text("done")');
    site.open('go');
    await order(page, 'retry', 'Retry');
    await page.waitForSelector('#state .badge:has-text("completed")');
    await page.waitForSelector('#timeline h3:has-text("Attempt 2")');
    expect(site.runs('case')).toBe(2);
  });

  test('adopts a job that the database had forgotten', async () => {
    const site = createPagedSite();
    const before = site.start();
    await site.served();
    before.kill('SIGTERM');
    await before.exited;
    new Sqlite(site.database).prepare('vacuum into ?').run(site.file('backup.db'));
    site.drop('case', site.counting('case', `${site.gate('go')}; mkdir output`));
    const first = site.start();
    await site.in('case', 'executing');
    first.kill('SIGKILL');
    await first.exited;
    for (const tail of ['', '-wal', '-shm']) rmSync(`${site.database}${tail}`, { force: true });
    copyFileSync(site.file('backup.db'), site.database);
    site.start();
    await site.until(
      'the orphan is known',
      () => site.find('case') !== null && site.attempts('case').some((attempt) => attempt.orphan !== null),
    );
    const url = await site.served();
    const page = await (await profile()).newPage();
    await logIn(page, url);
    await page.waitForSelector('#attention:has-text("orphan")');
    await page.goto(`${url}/cases/${site.caseOf('case').id}`);
    await order(page, 'adopt', 'Adopt a job');
    await page.waitForSelector('#state .badge:has-text("executing")');
    site.open('go');
    await page.waitForSelector('#state .badge:has-text("completed")');
    expect(site.runs('case')).toBe(1);
  });

  test('orders several cases at once, and says before how many', async () => {
    const site = createPagedSite({ slots: 3 });
    site.start();
    const url = await site.served();
    for (const name of ['one', 'two', 'other']) site.drop(name, 'sleep 60');
    for (const name of ['one', 'two', 'other']) await site.in(name, 'executing');
    const page = await (await profile()).newPage();
    await logIn(page, url);
    await page.goto(`${url}/cases?q=o&state=running`);
    await page.check('tr:has-text("one") input[type=checkbox]');
    await page.check('tr:has-text("two") input[type=checkbox]');
    await page.waitForSelector('.bulk:has-text("2 chosen")');
    await page.selectOption('.bulk select', 'cancel');
    await page.click('.bulk button');
    await page.waitForSelector('h1:has-text("Cancel 2 cases")');
    await page.fill('input[name=why]', 'enough');
    await page.click('main button');
    await page.waitForSelector('#orders:has-text("2 done, 0 refused, 0 waiting")');
    for (const name of ['one', 'two']) expect((await site.final(name)).failure?.kind).toBe('cancelled');
    await page.goto(`${url}/cases?state=failed&failure=cancelled`);
    expect((await page.locator('#list tbody th').allTextContents()).sort()).toEqual(['one', 'two']);
    expect(site.caseOf('other').phase).toBe('executing');
  });

  test('survives a restart of the daemon, says that it was not connected, shows the gap and catches up', async () => {
    const { port, free } = await takePort();
    await free();
    const site = createPagedSite({ listen: `127.0.0.1:${port}` });
    const first = site.start();
    const url = await site.served();
    const page = await open(
      await profile({}, /ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED|ERR_CONNECTION_RESET|Failed to fetch/),
      `${url}/`,
    );
    site.drop('case', `${site.gate('go')}; mkdir output`);
    await page.waitForSelector('#running .badge:has-text("executing")');
    first.kill('SIGKILL');
    await page.waitForSelector('#connection.lost:has-text("Connection lost. What you see is as of")');
    expect(await page.getAttribute('html', 'data-stale')).toBe('yes');
    await first.exited;
    site.open('go');
    site.start();
    await page.waitForSelector('#connection.found');
    expect(await page.textContent('#connection')).toMatch(
      /Connected again\. Gap: [\d:]+ to [\d:]+ \(\d+s\); (\d+ entr(y|ies) caught up|nothing happened meanwhile)\./,
    );
    await page.waitForSelector('.counts .completed strong:has-text("1")');
    await page.waitForSelector('html:not([data-stale])');
    await page.click('#connection button');
    expect(await page.textContent('#connection')).toBe('');
    expect(await isSamePage(page)).toBe(true);
  });

  test('says so when the daemon is stuck, though its page is served', async () => {
    let sincePulseMs = 0;
    const site = testSite();
    // a beat every half second instead of every ten
    const clock = { ...systemClock, monotonic: () => performance.now() * 20 };
    const web = testWeb(site, { clock, sincePulseMs: () => sincePulseMs });
    const served = await serve(web.app, { kind: 'at', address: '127.0.0.1', port: 0, isLoopback: true });
    onTestFinished(() => served.close());
    const page = await open(await profile(), served.url);
    sincePulseMs = 75_000;
    await page.waitForSelector('#connection.stuck:has-text("The daemon has not stirred for 1m 15s")');
    sincePulseMs = 0;
    await page.waitForSelector('#connection:empty', { state: 'attached' });
  });

  const sharing: readonly (readonly [string, string])[] = [
    ['in a shared worker', ''],
    ['in the tab that holds a lock, where there are no shared workers', 'delete globalThis.SharedWorker'],
  ];
  test.each(sharing)(
    'has one stream for all tabs, %s: more tabs than a browser allows connections are live',
    async (_, without) => {
      const site = createPagedSite();
      site.start();
      const url = await site.served();
      const context = await profile();
      if (without !== '') await context.addInitScript(without);
      const pages: Page[] = [];
      for (let tab = 0; tab < 7; tab += 1) pages.push(await open(context, `${url}/`));
      site.drop('case', 'mkdir output');
      await site.final('case');
      for (const page of pages) {
        // a tab that nobody sees waits until somebody does
        await page.bringToFront();
        await page.waitForSelector('.counts .completed strong:has-text("1")');
        expect(await isSamePage(page)).toBe(true);
      }
      // the tab that had the stream is closed: another one goes on with it
      await pages.shift()!.close();
      site.drop('next', 'mkdir output');
      for (const page of pages) {
        await page.bringToFront();
        await page.waitForSelector('.counts .completed strong:has-text("2")');
      }
    },
  );

  test('runs nothing of what a job wrote', async () => {
    const site = createPagedSite();
    site.start();
    const url = await site.served();
    const script = `<script>fetch(\\"/pwned\\");document.title=\\"pwned\\"</script>`;
    site.drop(
      NASTY,
      `mkdir output
printf "%s" "<svg xmlns=\\"http://www.w3.org/2000/svg\\" width=\\"8\\" height=\\"8\\" onload=\\"fetch('/pwned')\\">${script}</svg>" > output/x.svg
printf "%s" "<html>${script}</html>" > output/x.html
printf "%s" "${script}" > output/x.png
printf "%s" "${script}"`,
    );
    const { id } = await site.final(NASTY);
    const context = await profile({}, /sandboxed|Blocked script|Content Security Policy|net::ERR/);
    const asked: string[] = [];
    context.on('request', (request) => asked.push(request.url()));
    const page = await open(context, `${url}/cases/${id}`);
    await widthOf(page, 'x.svg', 8);
    await page.locator('#log').scrollIntoViewIfNeeded();
    await page.waitForSelector('#log pre:has-text("<script>")');
    const address = async (name: string): Promise<string> =>
      url + (await page.getAttribute(`#results a:has-text("${name}")`, 'href'));
    const [svg, html] = [await address('x.svg'), await address('x.html')];
    const alone = await context.newPage();
    await alone.goto(svg);
    await alone.waitForLoadState('networkidle');
    expect(await alone.title()).not.toBe('pwned');
    const [download] = await Promise.all([alone.waitForEvent('download'), alone.goto(html).catch(() => null)]);
    expect(download.suggestedFilename()).toBe('x.html');
    expect(asked.filter((request) => request.includes('pwned'))).toEqual([]);
    expect(await page.title()).not.toBe('pwned');
  });

  test('keeps what a person types, opens and ticks while it is brought up to date', async () => {
    const site = createPagedSite();
    site.start();
    const url = await site.served();
    site.drop('case', `${site.gate('go')}; mkdir output`);
    const { id } = await site.in('case', 'executing');
    const page = await (await profile()).newPage();
    await logIn(page, url);
    await page.goto(`${url}/cases/${id}`);
    await live(page);
    await page.click('#action-limit summary');
    await page.fill('#action-limit input[name=limit]', '48h');
    await page.focus('#action-limit input[name=why]');
    await page.keyboard.type('half a rea');
    expect((await site.order({ kind: 'limit', caseId: id, limitMs: 7_200_000 })).outcome).toBe('done');
    await page.waitForSelector('#facts:has-text("2h 00m")');
    await page.keyboard.type('son');
    expect(await page.inputValue('#action-limit input[name=why]')).toBe('half a reason');
    expect(await page.inputValue('#action-limit input[name=limit]')).toBe('48h');
  });

  test('can be used by keyboard, and on a phone nothing sticks out', async () => {
    const site = createPagedSite({ slots: 2 });
    site.start();
    const url = await site.served();
    site.drop('a-case-with-a-name-that-is-rather-long-for-a-phone-'.repeat(3), 'echo wide; exit 3');
    const { id } = await site.final('a-case-with-a-name-that-is-rather-long-for-a-phone-'.repeat(3));
    const page = await (await profile({ viewport: { width: 390, height: 844 } })).newPage();
    for (const path of ['/', '/cases', `/cases/${id}`, '/hosts', '/machines', '/orders', '/intake', '/login']) {
      await page.goto(url + path);
      const sizes = await page.evaluate('[document.documentElement.scrollWidth, innerWidth]');
      expect([path, sizes]).toEqual([path, [390, 390]]);
      expect(await page.locator('h1').count()).toBe(1);
    }
    await page.goto(`${url}/`);
    await page.keyboard.press('Tab');
    expect(await page.textContent(':focus')).toBe('Skip to the content');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    expect(await page.evaluate(`document.activeElement.closest('main') !== null`)).toBe(true);
  });

  test('is read, and orders are given, without script', async () => {
    const site = createPagedSite();
    site.start();
    const url = await site.served();
    site.drop('case', 'sleep 60');
    const { id } = await site.in('case', 'executing');
    const page = await (await profile({ javaScriptEnabled: false })).newPage();
    await logIn(page, url);
    await page.goto(`${url}/cases/${id}`);
    await order(page, 'cancel', 'Cancel');
    await site.final('case');
    await page.goto(`${url}/cases/${id}`);
    expect(await page.textContent('#state .failure')).toContain('cancelled');
    expect(await page.textContent('#orders')).toContain('a test of cancel');
  });
});

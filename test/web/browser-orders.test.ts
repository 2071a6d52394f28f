import { copyFileSync, rmSync } from 'node:fs';

import Sqlite from 'better-sqlite3';
import { expect, test } from 'vitest';

import { describeInBrowser, live, logIn, open, order, profile, widthOf } from './browser.ts';
import { createPagedSite } from './lab.ts';

/** A case may be called so: everything but a slash. */
const NASTY = `<img src=x onerror="fetch('pwned')">`;

describeInBrowser('a person at the page', () => {
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
    await page.waitForSelector('#orders:has-text("2 done, 0 refused, 0 cancelled, 0 waiting")');
    for (const name of ['one', 'two']) expect((await site.final(name)).failure?.kind).toBe('cancelled');
    await page.goto(`${url}/cases?state=failed&failure=cancelled`);
    expect((await page.locator('#list tbody th').allTextContents()).sort()).toEqual(['one', 'two']);
    expect(site.caseOf('other').phase).toBe('executing');
  });

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

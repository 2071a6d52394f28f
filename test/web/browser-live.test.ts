import type { Page } from 'playwright-core';
import { expect, onTestFinished, test } from 'vitest';

import { systemClock } from '../../src/daemon/clock.ts';
import { serve } from '../../src/daemon/web/serve.ts';
import { updateAttempt } from '../../src/store/attempts.ts';
import { writeCandidate } from '../../src/store/candidates.ts';
import { readCase, updateCase } from '../../src/store/cases.ts';
import { insertDelivery, insertIncident, updateDelivery } from '../../src/store/incidents.ts';
import { updateHost } from '../../src/store/hosts.ts';
import { recordOrder } from '../../src/store/orders.ts';
import { quarantineSlot } from '../../src/store/slots.ts';
import { testSite } from '../cli/site.ts';
import { describeInBrowser, isSamePage, open, profile, widthOf } from './browser.ts';
import { createPagedSite, takePort } from './lab.ts';
import { testWeb } from './web-site.ts';

const PICTURE =
  'printf "%s" "<svg xmlns=\\"http://www.w3.org/2000/svg\\" width=\\"8\\" height=\\"8\\"><rect width=\\"8\\" height=\\"8\\"/></svg>" > output/dose.svg';

describeInBrowser('a page that is open', () => {
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

  test.each([390, 1_280])('of %i px is not made wider by names and words that have no end', async (width) => {
    const site = siteOfLongWords('w'.repeat(240));
    const web = testWeb(site);
    const served = await serve(web.app, { kind: 'at', address: '127.0.0.1', port: 0, isLoopback: true });
    onTestFinished(() => served.close());
    const page = await (await profile({ viewport: { width, height: 844 } })).newPage();
    for (const path of ['', 'cases', 'cases/failed', 'cases/live', 'hosts', 'orders', 'intake']) {
      await page.goto(served.url + path);
      expect(await page.textContent('main')).toContain('wwwwwwwwww');
      const sizes = await page.evaluate('[document.documentElement.scrollWidth, innerWidth]');
      expect([path, sizes]).toEqual([path, [width, width]]);
    }
  });

  test('can be used by keyboard, and on a phone nothing sticks out', async () => {
    const site = createPagedSite({ slots: 2 });
    site.start();
    const url = await site.served();
    site.drop('a-case-with-a-name-that-is-rather-long-for-a-phone-'.repeat(3), 'echo wide; exit 3');
    const { id } = await site.final('a-case-with-a-name-that-is-rather-long-for-a-phone-'.repeat(3));
    const page = await (await profile({ viewport: { width: 390, height: 844 } })).newPage();
    for (const path of [
      '/',
      '/cases',
      `/cases/${id}`,
      '/hosts',
      '/machines',
      '/orders',
      '/notifications',
      '/intake',
      '/login',
    ]) {
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
});

/** In which everything that somebody else words is one word without a place to break it. */
function siteOfLongWords(word: string) {
  const site = testSite();
  const token = site.execute(site.admit(word, 'failed'));
  site.finish('failed', 3);
  site.execute(site.admit(`v${word}`, 'live'));
  const at = site.clock.now();
  const incident = { id: 'ep-0123456789abcdef0123', kind: 'slot_quarantined', subject: 'local/gpu.2' } as const;
  site.store.write((tx) => {
    updateCase(tx, readCase(tx, 'live')!, { blocked: word });
    updateAttempt(tx, token, { orphan: word });
    updateHost(tx, 'local', { state: 'offline', cause: 'link', reason: word, notices: [word] });
    quarantineSlot(tx, 'local', 'gpu.2', null, word, at);
    insertIncident(tx, { ...incident, openedAt: at, updatedAt: at, count: 1, facts: {} });
    insertDelivery(tx, { incidentId: incident.id, sink: 'ops', edge: 'opened' }, at, at);
    updateDelivery(tx, { incidentId: incident.id, sink: 'ops', edge: 'opened' }, { tries: 3, error: word });
    const candidate = { state: 'rejected', reason: word, caseId: null, signature: '' } as const;
    writeCandidate(tx, { ...candidate, path: `/new/${word}`, name: word, firstSeenAt: at, updatedAt: at });
  });
  recordOrder(site.store, { kind: 'cancel', caseId: 'live' }, word, word, at);
  return site;
}

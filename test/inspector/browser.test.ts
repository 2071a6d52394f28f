import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';

import type { InspectionMessage } from '../../src/views/inspector/message.ts';
import { hasChromium, startChromium } from '../lab/chromium.ts';
import { createSite } from '../lab/site.ts';
import type { Site } from '../lab/site.ts';
import { startMqi } from './program.ts';
import { heardBy, startStandIn } from './stately-stand-in.ts';

/** A patient's name: it must be nowhere in what a viewer hears. */
const NAME = 'Doe^Jane-1961';

let browser: Browser;

/** A page of its own browser profile; anything that goes wrong in one of ours fails the test. */
async function openPage(url: string, isOurs = true): Promise<Page> {
  const context = await browser.newContext();
  context.setDefaultTimeout(90_000);
  const page = await context.newPage();
  const troubles: string[] = [];
  page.on('pageerror', (error) => troubles.push(error.message));
  page.on('console', (message) => {
    // a refused connection is told by the browser itself
    if (message.type() === 'error' && !message.text().includes('WebSocket')) troubles.push(message.text());
  });
  onTestFinished(async () => {
    await context.close();
    if (isOurs) expect(troubles).toEqual([]);
  });
  await page.goto(url);
  return page;
}

/** The path of the state that is lit, once it is `path`. */
const lit = (page: Page, path: string): Promise<unknown> => page.waitForSelector(`.lit[data-path="${path}"]`);

/** The window that the button opens, with what it heard once `enough` says so. */
async function openInspector(
  page: Page,
): Promise<{ readonly heard: (enough: string) => Promise<InspectionMessage[]> }> {
  const [inspector] = await Promise.all([page.waitForEvent('popup'), page.click('#stately')]);
  return {
    async heard(enough) {
      await inspector.waitForFunction(
        `window.heard?.some((message) => message.type === '@xstate.snapshot' && JSON.stringify(message.snapshot.value) === ${JSON.stringify(enough)})`,
      );
      return heardBy(inspector);
    },
  };
}

/** A site with a case whose job runs until it is let go. */
function siteWithJob(): Site & { readonly letGo: () => void } {
  const site = createSite();
  const go = join(site.folder, 'go');
  site.drop(NAME, `until [ -e '${go}' ]; do sleep 0.1; done; mkdir output; echo done > output/result`);
  return { ...site, letGo: () => writeFileSync(go, '') };
}

describe.runIf(hasChromium)('in a browser', () => {
  beforeAll(async () => {
    browser = await startChromium();
  });
  afterAll(() => browser.close());

  it('the inspector hears the machine, events and snapshots of a running case; one that comes late hears them too', async () => {
    const [site, standIn] = [siteWithJob(), await startStandIn()];
    site.start();
    await site.in(NAME, 'executing');
    const relay = startMqi(site, 'visualize', '--live', '--inspector', standIn.url);
    const address = await relay.address();
    const page = await openPage(address);
    // the same chart, offline, with the state that the case is in
    await lit(page, 'running.executing');
    expect(page.url()).not.toContain('token');

    const inspector = await openInspector(page);
    const running = await inspector.heard('{"running":"executing"}');
    expect(running[0]).toMatchObject({ type: '@xstate.actor' });
    expect(JSON.parse((running[0] as { definition: string }).definition)).toMatchObject({
      id: 'case',
      states: { running: { states: { executing: { on: { 'operator.limited': { actions: 'setLimit' } } } } } },
    });

    site.letGo();
    await site.final(NAME);
    const all = await inspector.heard('"completed"');
    expect(
      all.filter(({ type }) => type === '@xstate.event').map((message) => 'event' in message && message.event.type),
    ).toEqual([
      'case.admitted',
      'host.assigned',
      'upload.verified',
      'slot.leased',
      'job.created',
      'job.released',
      ...all.flatMap((message) =>
        message.type === '@xstate.event' && message.event.type === 'job.observed' ? ['job.observed'] : [],
      ),
      'results.collected',
    ]);
    await lit(page, 'completed');

    const late = await openPage(address);
    await lit(late, 'completed');
    const again = await (await openInspector(late)).heard('"completed"');
    expect(again).toEqual(all);
    for (const heard of [all, again]) expect(JSON.stringify(heard)).not.toContain('Doe');
    expect(relay.printed()).not.toContain('refused');
  });

  it('a finished case is told again, step by step, from its journal', async () => {
    const [site, standIn] = [siteWithJob(), await startStandIn()];
    site.letGo();
    const daemon = site.start();
    const { id } = await site.final(NAME);
    daemon.kill('SIGTERM');
    await daemon.exited;
    const phases = site.phases(NAME);

    const relay = startMqi(site, 'visualize', '--replay', NAME, '--speed', 'step', '--inspector', standIn.url);
    const page = await openPage(await relay.address());
    await lit(page, 'submitted.waiting');
    const inspector = await openInspector(page);
    await inspector.heard('{"submitted":"waiting"}');
    await page.bringToFront();
    const rows = await page.locator('#position').textContent();
    const of = Number(/of (\d+)/.exec(rows ?? '')?.[1]);
    for (let told = 2; told <= of; told += 1) {
      await page.getByRole('button', { name: 'Next event' }).click();
      await page.locator('#position', { hasText: new RegExp(`^event ${told} of`) }).waitFor();
    }
    expect(await page.getByRole('button', { name: 'Next event' }).isDisabled()).toBe(true);
    await lit(page, 'completed');
    const heard = await inspector.heard('"completed"');
    expect(heard[0]).toMatchObject({ type: '@xstate.actor', sessionId: `${id}/1` });
    const values = heard.flatMap((message) =>
      message.type === '@xstate.snapshot' ? [Object.values({ value: message.snapshot.value }).map(phaseOf)[0]!] : [],
    );
    expect(values.filter((phase, index) => phase !== values[index - 1])).toEqual(phases);
    expect(JSON.stringify(heard)).not.toContain('Doe');

    // any earlier moment can be looked at, and left again
    await page.locator('#events button', { hasText: 'slot.leased' }).click();
    await lit(page, 'submitting.creating');
    expect(await page.locator('#detail').textContent()).toContain('"slot": "gpu.1"');
    await page.getByRole('button', { name: 'Back to now' }).click();
    await lit(page, 'completed');
    expect(await relay.end('SIGINT')).toBe(0);
  });

  it('a page of a foreign origin gets nothing, although it knows the token', async () => {
    const [site, standIn] = [siteWithJob(), await startStandIn()];
    site.start();
    await site.in(NAME, 'executing');
    const relay = startMqi(site, 'visualize', '--live');
    const address = new URL(await relay.address());
    const token = address.hash.slice('#token='.length);
    const foreign = await openPage(standIn.emptyUrl, false);
    const got = await foreign.evaluate(
      async ([host, secret]) => {
        const tried = (address: string, protocols: string[]): Promise<string> =>
          new Promise((resolve) => {
            const socket = new WebSocket(address, protocols);
            socket.addEventListener('message', () => resolve('a message'));
            socket.addEventListener('open', () => resolve('open'));
            socket.addEventListener('close', () => resolve('closed'));
          });
        const fetched = (path: string): Promise<string> =>
          fetch(`http://${host}${path}`).then(
            () => 'an answer',
            () => 'nothing',
          );
        return {
          byProtocol: await tried(`ws://${host}/`, ['mqi.inspector', `token.${secret}`]),
          byAddress: await tried(`ws://${host}/?token=${secret}`, []),
          page: await fetched('/'),
          script: await fetched('/viewer.js'),
        };
      },
      [address.host, token] as const,
    );
    expect(got).toEqual({ byProtocol: 'closed', byAddress: 'closed', page: 'nothing', script: 'nothing' });
    // said once, however often a page knocks
    expect(relay.printed().match(/a connection was refused: the Origin is foreign/g)).toHaveLength(1);

    // a window that a foreign page opened shows the page, and tells its opener nothing
    await foreign.evaluate(
      `window.heard = []; window.addEventListener('message', ({ data }) => window.heard.push(data));`,
    );
    const [opened] = await Promise.all([
      foreign.waitForEvent('popup'),
      foreign.evaluate(
        `window.open(${JSON.stringify(address.href)})?.postMessage({ type: '@statelyai.connected' }, '*'); null`,
      ),
    ]);
    await lit(opened, 'running.executing');
    expect(await foreign.evaluate('window.heard')).toEqual([]);
  });

  it('mqi run --inspect shows the cases of the daemon itself; when that is gone the page says so', async () => {
    const site = siteWithJob();
    const daemon = startMqi(site, 'run', '--inspect');
    const page = await openPage(await daemon.address());
    await lit(page, 'running.executing');
    expect(await page.locator('#connection').textContent()).toBe('Live');
    await daemon.end('SIGKILL');
    await page.waitForSelector('#connection[data-state="lost"]');
    expect(await page.locator('#connection').textContent()).toContain('what you see is how it was then');
    expect(await page.locator('.lit').getAttribute('data-path')).toBe('running.executing');
  });

  it('without a token the page says what to do', async () => {
    const site = siteWithJob();
    site.start();
    await site.in(NAME, 'executing');
    const relay = startMqi(site, 'visualize', '--live');
    const page = await openPage((await relay.address()).split('#')[0]!);
    expect(await page.locator('#connection').textContent()).toBe('No token: open the address that the command printed');
    expect(await page.locator('.lit').count()).toBe(0);
  });
});

function phaseOf(value: string | Readonly<Record<string, unknown>>): string {
  return typeof value === 'string' ? value : String(Object.values(value)[0]);
}

import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';

import { hasChromium, startChromium } from '../lab/chromium.ts';
import { SECRET } from './lab.ts';

/** The machine may be slow and busy; nothing waits for it to pass. */
const PATIENCE_MS = 90_000;

let browser: Browser;

/** A browser profile of its own; anything that goes wrong in a page of it fails the test. */
export async function profile(options: BrowserContextOptions = {}, expected?: RegExp): Promise<BrowserContext> {
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
export async function open(context: BrowserContext, url: string): Promise<Page> {
  const page = await context.newPage();
  await page.goto(url);
  await live(page);
  await page.evaluate('window.mark = 1');
  return page;
}

export const live = (page: Page): Promise<unknown> => page.waitForSelector('#live:has-text("live")');
export const isSamePage = async (page: Page): Promise<boolean> => (await page.evaluate('window.mark')) === 1;

/** Waits until a picture of the results is there and so wide: it was loaded and drawn. */
export async function widthOf(page: Page, name: string, width: number): Promise<void> {
  const ask = (): Promise<unknown> =>
    page.evaluate(`document.querySelector('.pictures img[alt$="${name}"]')?.naturalWidth`);
  await expect.poll(ask, { timeout: PATIENCE_MS }).toBe(width);
}

export async function logIn(page: Page, url: string): Promise<void> {
  await page.goto(`${url}/login`);
  await page.fill('input[name=token]', SECRET);
  await page.click('main button');
  await page.waitForSelector('text=Log out');
}

/** Gives an order with a reason from the page of a case. */
export async function order(page: Page, kind: string, label: string): Promise<void> {
  await page.click(`#action-${kind} summary`);
  await page.fill(`#action-${kind} input[name=why]`, `a test of ${kind}`);
  await page.click(`#action-${kind} form button:has-text("${label}")`);
}

/** Tests in a headless Chromium; where there is none they are skipped by name, and in CI that is a failure. */
export function describeInBrowser(name: string, body: () => void): void {
  if (!hasChromium) {
    test(`${name}: not tested, there is no chromium (test/lab/install.sh)`, (context) => {
      if (process.env['CI'] === 'true') throw new Error('no chromium: test/lab/install.sh');
      context.skip();
    });
    return;
  }
  describe(name, () => {
    beforeAll(async () => {
      browser = await startChromium();
    });
    afterAll(() => browser.close());
    body();
  });
}

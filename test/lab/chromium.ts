import { execFileSync } from 'node:child_process';

import { chromium } from 'playwright-core';
import type { Browser } from 'playwright-core';

/** Debian's own: a real browser, which asks nothing of anybody. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const EXECUTABLE = which('chromium');

/** A laptop may lack it: `npm test` says so by name, and in CI that is a failure. */
export const hasChromium = EXECUTABLE !== null;

/** A headless browser; whoever starts it closes it. */
export async function startChromium(): Promise<Browser> {
  if (EXECUTABLE === null) throw new Error('there is no chromium here: test/lab/install.sh');
  return chromium.launch({ executablePath: EXECUTABLE, args: FLAGS });
}

function which(name: string): string | null {
  try {
    return execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim();
  } catch {
    return null;
  }
}

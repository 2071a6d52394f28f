import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

import { onTestFinished } from 'vitest';

import { MAIN } from '../lab/site.ts';
import type { Site } from '../lab/site.ts';

/** The compiled program, on its way. */
export interface Program {
  /** All that it printed so far. */
  printed(): string;
  /** The address of the inspector's page, once it was printed. */
  address(): Promise<string>;
  end(signal: NodeJS.Signals): Promise<number | null>;
}

/** Starts `mqi …` with the configuration of a site; killed when the test is over. */
export function startMqi(site: Site, ...args: readonly string[]): Program {
  const child = spawn(process.execPath, [MAIN, ...args, '--config', join(site.folder, 'mqi.yaml')], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'] },
  });
  let text = '';
  let wake = (): void => {};
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      wake();
    });
  }
  let isOver = false;
  const exited = once(child, 'exit').then(([code]) => {
    isOver = true;
    wake();
    return code as number | null;
  });
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  return {
    printed: () => text,
    async address() {
      for (;;) {
        const found = /http:\/\/127\.0\.0\.1:\d+\/#token=[a-z2-7]+/.exec(text)?.[0];
        if (found !== undefined) return found;
        if (isOver) throw new Error(`it ended without an address: ${text}`);
        await new Promise<void>((resolve) => (wake = resolve));
      }
    },
    end(signal) {
      child.kill(signal);
      return exited;
    },
  };
}

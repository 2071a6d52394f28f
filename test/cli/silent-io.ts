import type { Io } from '../../src/cli/io.ts';
import { createScreen } from '../../src/cli/screen.ts';
import { testClock } from './site.ts';

/** For a program that is looked at and not run. */
export function silentIo(): Io {
  const screen = createScreen({ write: () => {}, isTty: false, columns: null, rows: null, colour: false });
  return {
    out: screen,
    err: screen,
    env: {},
    cwd: '/',
    self: 'mqi',
    clock: testClock(),
    operator: 'x',
    confirm: null,
    interruption: () => new AbortController().signal,
  };
}

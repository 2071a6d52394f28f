import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { quote } from '../../src/transport/quote.ts';

/** A program of the host at which a test can hold the daemon's work: it says that it was reached, and waits to be opened. */
export interface Gate {
  /** For the daemon: its shells find the gate before the program. */
  readonly env: Readonly<Record<string, string>>;
  wasReached(): boolean;
  open(): void;
}

/**
 * `when`: sh, true for the calls that are to wait (`[ "$1" = -x ]`). Whatever stands behind the gate runs as usual. Jobs
 * find it too, where they call that program.
 */
export function createGate(folder: string, program: string, when = 'true'): Gate {
  const bin = join(folder, `gate-${program}`);
  const [reached, opened] = [join(bin, '.reached'), join(bin, '.opened')];
  const env = standBefore(
    bin,
    program,
    `if ${when}; then : > ${quote(reached)}; until [ -e ${quote(opened)} ]; do sleep 0.05; done; fi`,
  );
  return { env, wasReached: () => existsSync(reached), open: () => writeFileSync(opened, '') };
}

/** Counts the scheduler's commands on the host: while nothing happens they are looks, whose old news leave no other trace. */
export interface LookCounter {
  readonly env: Readonly<Record<string, string>>;
  count(): number;
}

export function createLookCounter(folder: string): LookCounter {
  const bin = join(folder, 'counter');
  const counted = join(bin, '.counted');
  // each command asks once for its pid namespace (scheduler/host-script)
  const env = standBefore(bin, 'readlink', `echo >> ${quote(counted)}`);
  return { env, count: () => (existsSync(counted) ? statSync(counted).size : 0) };
}

/** Puts lines of sh before a program of the host; returns the environment in which they are found. */
export function standBefore(bin: string, program: string, lines: string): Readonly<Record<string, string>> {
  const real = execFileSync('sh', ['-c', 'command -v "$1"', 'sh', program], { encoding: 'utf8' }).trim();
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, program), `#!/bin/sh\n${lines}\nexec ${quote(real)} "$@"\n`);
  chmodSync(join(bin, program), 0o755);
  return { PATH: `${bin}:${process.env['PATH'] ?? '/usr/bin:/bin'}` };
}

import type { Clock } from '../domain/clock.ts';
import type { Screen } from './screen.ts';

/** All that a command touches beside files: so that a test can run it in its own process. */
export interface Io {
  readonly out: Screen;
  readonly err: Screen;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly clock: Clock;
  /** How this program is called here: `mqi`, or `node dist/mqi.js` from a clone. */
  readonly self: string;
  /** `name@machine`, for the journal. */
  readonly operator: string;
  /** Null where nobody can be asked. */
  readonly confirm: ((question: string) => Promise<boolean>) | null;
  /**
   * Aborts at the first SIGINT or SIGTERM; from the first call on these no longer end the process by themselves, but a
   * second one does, at once.
   */
  interruption(): AbortSignal;
}

/** Who gives an order: the person behind sudo, not root. `account`: whose process this is; a container names nobody else. */
export function operatorOf(
  env: Readonly<Record<string, string | undefined>>,
  machine: string,
  account: () => string,
): string {
  const user = [env['SUDO_USER'], env['USER'], env['LOGNAME']].find((name) => name !== undefined && name !== '');
  return `${user ?? account()}@${machine}`;
}

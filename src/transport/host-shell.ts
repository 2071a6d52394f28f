import type { Clock } from '../domain/clock.ts';
import { execute } from './execute.ts';
import type { Executed, Execution } from './execute.ts';
import { RUN_SCRIPT, patienceMs } from './script.ts';
import { Setback, hostTrouble } from './setback.ts';
import type { Spawn } from './transport.ts';

export interface ShellLimits {
  readonly root: string;
  readonly stallMs: number;
  readonly signal: AbortSignal;
}

/** The shell of a host, for the many commands of one transfer: all on the bulk connection, with one signal. */
export class HostShell {
  readonly #spawn: Spawn;
  readonly #clock: Clock;
  readonly #limits: ShellLimits;

  constructor(spawn: Spawn, clock: Clock, limits: ShellLimits) {
    this.#spawn = spawn;
    this.#clock = clock;
    this.#limits = limits;
  }

  start(execution: Pick<Execution, 'command' | 'stdin' | 'onStdout' | 'onStderr'>): Promise<Executed> {
    const { signal, stallMs } = this.#limits;
    return execute(this.#spawn, this.#clock, { channel: 'bulk', signal, stallMs, ...execution });
  }

  /**
   * Runs a script and returns what it printed; throws a `Setback` for any other end. `busyBytes`: how much of the
   * host's disk it may read between two lines of its answer. `onAnswer`: takes a long answer as it comes.
   */
  async ask(
    what: string,
    text: string | Uint8Array,
    { busyBytes = 0, onAnswer }: { readonly busyBytes?: number; readonly onAnswer?: (chunk: Buffer) => void } = {},
  ): Promise<Buffer> {
    const answer = await execute(this.#spawn, this.#clock, {
      ...(onAnswer === undefined ? {} : { onStdout: onAnswer }),
      command: RUN_SCRIPT,
      channel: 'bulk',
      stdin: text,
      signal: this.#limits.signal,
      stallMs: patienceMs(this.#limits.stallMs, busyBytes),
    });
    if (answer.kind === 'unknown') throw new Setback('blind', `${what}: ${answer.reason}`);
    if (answer.exitCode !== 0) throw hostTrouble(what, this.#limits.root, answer.exitCode, answer.stderr.toString());
    return answer.stdout;
  }
}

import type { RunOptions, RunOutcome, Transport } from '../../src/transport/transport.ts';
import { quote, quoteAll } from '../../src/transport/quote.ts';
import { asSomebody } from '../lab/somebody.ts';
import { processesOf, read } from '../scheduler/lab.ts';

type Run = Pick<Transport, 'run'>;

/** The command runs, its answer does not come back. */
export function losing(transport: Run): Run {
  return {
    run: async (command, options) => {
      await transport.run(command, options);
      return { kind: 'unknown', sent: true, reason: 'the answer was lost' };
    },
  };
}

export function editing(transport: Run, edit: (stdout: string) => string): Run {
  return {
    run: async (command: string, options: RunOptions): Promise<RunOutcome> => {
      const outcome = await transport.run(command, options);
      return outcome.kind === 'done' ? { ...outcome, stdout: edit(outcome.stdout) } : outcome;
    },
  };
}

export function rewriting(transport: Run, rewrite: (command: string) => string): Run {
  return { run: (command, options) => transport.run(rewrite(command), options) };
}

/** As an ordinary user of the host would be answered. */
export function bySomebody(transport: Run): Run {
  return rewriting(transport, (command) => `exec ${quoteAll([...asSomebody, 'sh', '-c', command])}`);
}

/** What a file system answers that has lost one path: every call that names it fails. */
export function failing(file: string, error: 'EIO' | 'ESTALE' | 'EACCES', transport: Run): Run {
  const fault = ['-P', file, '-e', 'trace=%file', '-e', `inject=%file:error=${error}`];
  return rewriting(
    transport,
    (command) => `exec strace -f -qq -o /dev/null ${quoteAll(fault)} sh -c ${quote(command)}`,
  );
}

/** A host whose `word` does nothing. */
export function without(word: 'kill' | 'grep', transport: Run): Run {
  return rewriting(transport, (command) =>
    word === 'kill' ? `kill() { return 1; }\n${command}` : command.replaceAll('xargs grep', 'xargs true grep'),
  );
}

/** The job's own shells: all with the token that are not the payload or below it. */
export function wrappersOf(token: string, payload: number): number[] {
  return processesOf(token).filter((pid) => pid !== payload && parentOf(pid) !== payload);
}

function parentOf(pid: number): number {
  return Number(/^PPid:\s+(\d+)$/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0);
}

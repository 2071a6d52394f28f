import type { Clock } from '../domain/clock.ts';
import { collect } from './collect.ts';
import { execute } from './execute.ts';
import { follow } from './follow.ts';
import { PromisedSpace } from './host-space.ts';
import type { RunOptions, RunOutcome, Spawn, Transport } from './transport.ts';
import { upload } from './upload.ts';

/** What differs between transports besides the start of a command. */
export type Lifecycle = Pick<Transport, 'connect' | 'onLost' | 'close'>;

export interface TransportParts {
  readonly kind: Transport['kind'];
  readonly spawn: Spawn;
  readonly lifecycle: Lifecycle;
  readonly clock: Clock;
}

/** A transport out of one ability: to start a POSIX sh command on the host. */
export function createTransport({ kind, spawn, lifecycle, clock }: TransportParts): Transport {
  const promised = new PromisedSpace();
  return {
    kind,
    run: (command, options) => run(spawn, clock, command, options),
    send: (request) => upload(spawn, clock, request, promised),
    fetch: (request) => collect(spawn, clock, request),
    follow: (file, onLine, signal) => follow(spawn, file, onLine, signal),
    connect: (signal) => lifecycle.connect(signal),
    onLost: (listener) => lifecycle.onLost(listener),
    close: () => lifecycle.close(),
  };
}

async function run(spawn: Spawn, clock: Clock, command: string, options: RunOptions): Promise<RunOutcome> {
  const outcome = await execute(spawn, clock, { command, channel: 'control', ...options });
  if (outcome.kind === 'unknown') return outcome;
  return { ...outcome, stdout: outcome.stdout.toString('utf8'), stderr: outcome.stderr.toString('utf8') };
}

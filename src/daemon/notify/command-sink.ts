import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';

import type { CommandSinkConfig } from '../../config/config.ts';
import type { Clock } from '../../domain/clock.ts';
import { createDeadline } from '../../supervisor/work/deadline.ts';
import { reasonOf } from '../../supervisor/log.ts';
import type { Message } from './message.ts';
import type { Delivered, Sink } from './sink.ts';

/** What a program says on its standard error explains a failure; more than this does not. */
const SAID_BYTES = 400;

/** Runs a program for each message, in a process group of its own that is ended with it. */
export function createCommandSink({ name, command, timeoutMs }: CommandSinkConfig, clock: Clock): Sink {
  const [program = '', ...args] = command;
  return {
    name,
    async deliver(message, signal) {
      const deadline = createDeadline(clock, timeoutMs, signal);
      try {
        const child = spawn(program, args, {
          detached: true,
          stdio: ['pipe', 'ignore', 'pipe'],
          env: { ...process.env, ...environmentOf(message) },
        });
        deadline.signal.addEventListener('abort', () => endGroup(child), { once: true });
        // what it left behind belongs to nobody, and would gather with each message
        child.once('exit', () => endGroup(child));
        return await outcomeOf(child, message, deadline.signal, timeoutMs);
      } catch (error) {
        return { kind: 'failed', reason: reasonOf(error) };
      } finally {
        deadline.clear();
      }
    },
  };
}

/** `MQI_INCIDENT_…`, and the same under its first name, which programs go on reading. */
function environmentOf(message: Message): Readonly<Record<string, string>> {
  const facts = {
    ID: message.incident,
    DELIVERY: message.delivery,
    EDGE: message.edge,
    KIND: message.kind,
    SUBJECT: message.subject,
    SUMMARY: message.summary,
    NEXT: message.next,
    COUNT: String(message.count),
  };
  return Object.fromEntries(
    ['MQI_INCIDENT', 'MQI_EPISODE'].flatMap((prefix) =>
      Object.entries(facts).map(([name, value]) => [`${prefix}_${name}`, value]),
    ),
  );
}

function outcomeOf(
  child: ChildProcess & { readonly stdin: NodeJS.WritableStream; readonly stderr: NodeJS.ReadableStream },
  message: Message,
  signal: AbortSignal,
  timeoutMs: number,
): Promise<Delivered> {
  return new Promise((resolve) => {
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => {
      if (said.length < SAID_BYTES) said = (said + chunk.toString()).slice(0, SAID_BYTES);
    });
    // a program that reads nothing is as good as one that does
    child.stdin.on('error', () => {});
    child.stdin.end(`${JSON.stringify(message)}\n`);
    child.on('error', (error) => resolve({ kind: 'failed', reason: reasonOf(error) }));
    // not `close`: a child that it left behind may hold the pipe for ever
    child.on('exit', (code, by) => {
      if (code === 0) return resolve({ kind: 'delivered' });
      const how = signal.aborted ? `not over within ${timeoutMs / 1_000} s` : (by ?? `exit code ${code}`);
      resolve({ kind: 'failed', reason: said.trim() === '' ? how : `${how}: ${said.trim()}` });
    });
  });
}

function endGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // it is over already
  }
}

import type { Clock } from '../../domain/clock.ts';
import type { Host } from '../../supervisor/host/host.ts';
import type { LogTail } from '../../views/web/deps.ts';
import { quotePath } from '../../transport/quote.ts';
import type { WebQuestion } from './messages.ts';

/** The end of a log is enough to see how a job fares; a channel of the host is ours for a moment only. */
const TAIL_BYTES = 65_536;
const TIMEOUT_MS = 10_000;
/** However many look at it, a log is asked for this often at most. */
const FRESH_MS = 2_000;
/** Questions that wait for a host's answer; who asks beyond that asks again. */
const MOST_WAITING = 8;
/** Logs that are remembered; the oldest goes. */
const MOST_KEPT = 64;

interface Kept {
  readonly atMs: number;
  readonly tail: Promise<LogTail>;
}

/** The ends of logs of running jobs, from their hosts: one question at a time for each host. */
export function createTails(hosts: readonly Host[], clock: Clock): { tail(question: WebQuestion): Promise<LogTail> } {
  const byName = new Map(hosts.map((host) => [host.name, host]));
  const kept = new Map<string, Kept>();
  const lines = new Map<string, Promise<unknown>>();
  const waiting = new Map<string, number>();
  return {
    tail({ host: name, token, stream }) {
      const host = byName.get(name);
      if (host === undefined) {
        return Promise.resolve({ kind: 'blind', reason: `${name} is no longer in the configuration` });
      }
      const key = `${token} ${stream}`;
      const known = kept.get(key);
      if (known !== undefined && clock.monotonic() - known.atMs < FRESH_MS) return known.tail;
      const before = waiting.get(name) ?? 0;
      if (before >= MOST_WAITING) return Promise.resolve({ kind: 'blind', reason: `too many logs of ${name} at once` });
      waiting.set(name, before + 1);
      const tail = (lines.get(name) ?? Promise.resolve())
        .then(() => readTail(host, token, stream))
        .finally(() => waiting.set(name, (waiting.get(name) ?? 1) - 1));
      lines.set(name, tail);
      kept.delete(key);
      kept.set(key, { atMs: clock.monotonic(), tail });
      if (kept.size > MOST_KEPT) kept.delete(kept.keys().next().value!);
      return tail;
    },
  };
}

async function readTail(host: Host, token: string, stream: 'stdout' | 'stderr'): Promise<LogTail> {
  const file = quotePath(`${host.root}/attempts/${token}/${stream}`);
  // the size first: what is written meanwhile only makes the text longer
  const command = `f=${file}; [ -f "$f" ] || exit 44; wc -c < "$f" && tail -c ${TAIL_BYTES} "$f"`;
  const outcome = await host.transport.run(command, { timeoutMs: TIMEOUT_MS });
  if (outcome.kind === 'unknown') return { kind: 'blind', reason: outcome.reason };
  if (outcome.exitCode === 44) return { kind: 'absent' };
  if (outcome.exitCode !== 0)
    return { kind: 'blind', reason: outcome.stderr.trim() || `exit code ${outcome.exitCode}` };
  const end = outcome.stdout.indexOf('\n');
  const sizeBytes = Number(outcome.stdout.slice(0, end));
  return { kind: 'text', text: outcome.stdout.slice(end + 1), from: Math.max(0, sizeBytes - TAIL_BYTES), sizeBytes };
}

import type { Blind } from '../../scheduler/scheduler.ts';
import { putBack, saidOf, saidOfCopy, saidOfRenamed } from '../../store/left-root.ts';
import type { LeftRoot, Stray } from '../../store/left-root.ts';
import type { Host } from './host.ts';

/**
 * The root of a host is another one than its jobs were sent to. What the new one lacks proves nothing of them: it is
 * worked in only when all that counts on the old one lies there, because it was moved. A copy is not enough: what a job
 * does after it was made is written in the old root.
 */
export async function objectionToRoot(host: Host, left: LeftRoot, signal: AbortSignal): Promise<Blind | null> {
  const listed = await host.scheduler.list(signal);
  if (listed.kind === 'blind') return listed;
  const look = await host.scheduler.look([...left.tokens], signal);
  if (look.kind === 'blind') return look;
  const there = new Set([
    ...listed.staging,
    ...look.facts.filter(({ directory }) => directory === 'present').map(({ token }) => token),
  ]);
  if (!left.tokens.every((token) => there.has(token))) return changed(host, left);
  const copied = await host.scheduler.copied(left.root, left.tokens, signal);
  if (copied.kind === 'blind') return copied;
  return copied.tokens.length === 0
    ? null
    : garbled(`${saidOfCopy(left, host.root, copied.tokens.length)}: ${putBack(left, host.name)}`);
}

/**
 * What counts on a host that left the configuration is found on this one: it is the same machine under another name, and
 * its GPUs are held under the old one.
 */
export async function objectionToName(
  host: Host,
  strays: readonly Stray[],
  signal: AbortSignal,
): Promise<Blind | null> {
  if (strays.length === 0) return null;
  const listed = await host.scheduler.list(signal);
  if (listed.kind === 'blind') return listed;
  const there = new Set([...listed.staging, ...listed.attempts.map(({ token }) => token)]);
  const found = strays.filter(({ token }) => there.has(token));
  return found.length === 0 ? null : garbled(saidOfRenamed(found, host.name));
}

export function changed(host: Host, left: LeftRoot): Blind {
  return garbled(`${saidOf(left, host.root)}: ${putBack(left, host.name)}`);
}

function garbled(reason: string): Blind {
  return { kind: 'blind', cause: 'garbled', reason };
}

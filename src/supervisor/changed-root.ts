import type { Blind } from '../scheduler/scheduler.ts';
import { putBack, saidOf } from '../store/left-root.ts';
import type { LeftRoot } from '../store/left-root.ts';
import type { Host } from './host.ts';

/**
 * The root of a host is another one than its jobs were sent to. What the new one lacks proves nothing of them: it is
 * worked in only when all that counts on the old one lies there, because it was moved.
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
  return left.tokens.every((token) => there.has(token)) ? null : changed(host, left);
}

export function changed(host: Host, left: LeftRoot): Blind {
  return { kind: 'blind', cause: 'garbled', reason: `${saidOf(left, host.root)}: ${putBack(left, host.name)}` };
}

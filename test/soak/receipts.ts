import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

import type { Proof } from '../../src/domain/attempt.ts';
import type { Failure } from '../../src/domain/failure.ts';
import type { Claim, End, Receipt } from '../../src/domain/job.ts';
import { parseClaim, parseEnd } from '../../src/scheduler/receipts.ts';

/** What the host says of an attempt when everything is over. */
export interface Receipts {
  readonly claim: Receipt<Claim>;
  readonly end: Receipt<End>;
  /** How often its job wrote that it starts. */
  readonly starts: number;
}

/** What was done to the host of a soak, as far as an attempt can suffer from it. */
export interface Harm {
  /** The boot that it is in now: a job that claimed in another one was ended with that. */
  readonly bootId: string;
  /** Its queue was killed, or it was rebooted: a task that had not claimed yet may be gone. */
  readonly losesTasks: boolean;
}

export interface Outcome {
  readonly failure: Failure | null;
  readonly proof: Proof | null;
}

/** Of the boot that a host is in; `prefix` stands in front of a command that is to run there. */
export function bootIdOf(prefix: readonly string[] = []): string {
  return execFileSync('env', [...prefix, 'cat', '/proc/sys/kernel/random/boot_id'], { encoding: 'utf8' }).trim();
}

/** The receipts in the directory of an attempt. */
export function readReceipts(directory: string, starts: number): Receipts {
  const [claim, end] = ['claim', 'end'].map((name) => {
    const path = join(directory, name);
    if (!existsSync(path)) return { state: 'absent', text: '' } as const;
    const text = statSync(path).isFile() ? readFileSync(path, 'latin1') : '';
    return /^[^\n]+\n$/.test(text)
      ? ({ state: 'whole', text: text.slice(0, -1) } as const)
      : ({ state: 'odd', text } as const);
  });
  return { claim: parseClaim(claim!.state, claim!.text).claim, end: parseEnd(end!.state, end!.text), starts };
}

/**
 * Why the store says of an attempt what its receipts do not; null where they agree. Every job of a soak ends with 0 unless
 * its host does, and nobody cancels one: so the receipts leave one verdict, and name what alone can have brought it about.
 */
export function contradiction(
  { failure, proof }: Outcome,
  { claim, end, starts }: Receipts,
  harm: Harm,
): string | null {
  if (claim.kind === 'garbled' || end.kind === 'garbled') return 'it has a receipt that nobody can read';
  const said = failure === null ? 'completed' : failure.kind;
  if (claim.kind === 'absent' || claim.value.by === 'revocation') {
    if (starts > 0) return `its job ran ${starts} times, and did not claim it`;
    if (end.kind === 'present') return `it has an end (${end.value.kind}), and no job claimed it`;
    if (proof === 'gone') return 'its job is said to be gone, and none claimed it';
    return unclaimed(said, claim.kind === 'present', proof, harm);
  }
  if (proof !== 'gone') return `its job claimed it, and its proof is ${proof}`;
  if (end.kind === 'absent') return 'its job claimed it, and nobody wrote how it ended';
  if (end.value.kind === 'lost') {
    if (said !== 'job_lost' && said !== 'job_killed') return `its job left no end, and it is ${said}`;
    return claim.value.bootId === harm.bootId ? `it is ${said}, and its host was not rebooted since it claimed` : null;
  }
  if (end.value.kind !== 'exited' || end.value.exitCode !== 0) return `its job ended by itself, and not with 0`;
  if (failure !== null) return `its job ended with 0, and it is ${said}`;
  return starts === 1 ? null : `it completed after ${starts} starts of its job`;
}

/** No job can run any more, and none has: either nobody asked for one to the end, or the queue lost it before it claimed. */
function unclaimed(said: string, isRevoked: boolean, proof: Proof | null, { losesTasks }: Harm): string | null {
  switch (said) {
    case 'interrupted':
    case 'submission_failed':
      return isRevoked || proof === 'never_created' ? null : `it is ${said}, and its job can still claim it`;
    case 'job_not_started':
      if (!isRevoked) return 'it is said never to start, and its job can still claim it';
      return losesTasks ? null : 'its job never started, and nothing took it out of its queue';
    default:
      return `no job claimed it, and it is ${said}`;
  }
}

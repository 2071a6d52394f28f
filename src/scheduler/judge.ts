import type { JobClaim, Node, QueueResult, QueueState } from '../domain/job.ts';
import type { Observation } from '../domain/observation.ts';
import type { Facts } from './scheduler.ts';

/**
 * From which side a claim is seen. `here`: its processes would be found. `rebooted`: its node is up again without them.
 * `elsewhere`: what we do not see there proves nothing. One boot and pid namespace are one machine, whatever its name: a
 * host may be renamed while a job runs.
 */
export function viewOf(claim: JobClaim, node: Node): 'here' | 'rebooted' | 'elsewhere' {
  if (claim.bootId === node.bootId && claim.pidNamespace === node.pidNamespace) {
    // root sees the environment of everybody's processes
    return claim.uid === node.uid || node.uid === 0 ? 'here' : 'elsewhere';
  }
  return claim.node === node.name && claim.bootId !== node.bootId ? 'rebooted' : 'elsewhere';
}

/**
 * A job that was seen to have claimed has run, whatever became of its receipt: what is not there proves nothing against
 * that, nor does a revocation that found the place empty.
 */
export function withSeenClaim(facts: Facts, seen: JobClaim | null): Facts {
  const { claim } = facts;
  const isGone = claim.kind === 'absent' || (claim.kind === 'present' && claim.value.by === 'revocation');
  return seen !== null && isGone ? { ...facts, claim: { kind: 'present', value: seen } } : facts;
}

/**
 * What one look says of one case. `unknown` is never a failure, and `missing` no end: it leads to `stop`, whose work is
 * the proof.
 */
export function judge(facts: Facts, node: Node): Observation {
  const { claim, end, queue } = facts;
  const alive = facts.processes.length > 0;
  if (facts.unreadable !== null) return unknown(facts.unreadable);
  if (end.kind === 'garbled')
    return unknown(`the receipt of its end cannot be read (${placeOf(facts, 'end')}): ${excerpt(end.text)}`);
  if (end.kind === 'present') {
    const stillThere = alive || (claimedElsewhere(facts, node) && isActive(queue));
    return stillThere ? { kind: 'lingering' } : { kind: 'ended', end: end.value };
  }
  if (claim.kind === 'garbled')
    return unknown(`the claim cannot be read (${placeOf(facts, 'claim')}): ${excerpt(claim.text)}`);
  // a purged directory that was made anew has no manifest, and its claim says nothing of who ran before
  if (facts.directory === 'absent' || facts.manifest === 'absent')
    return alive ? { kind: 'executing' } : missing(queue);
  if (claim.kind === 'absent') return judgeUnclaimed(queue, alive);
  if (claim.value.by === 'revocation') return missing(queue);
  if (alive) return facts.stopped ? { kind: 'suspended' } : executing(queue);
  const view = viewOf(claim.value, node);
  return view === 'elsewhere'
    ? judgeElsewhere(claim.value, queue, node)
    : { kind: 'missing', queue: resultOf(facts, node) };
}

/**
 * How the queue says that a job ended. Of all that ran when its node went down it says, once it is up again, that they
 * were killed: that is no sign that anybody did.
 */
export function resultOf({ claim, queue }: Facts, node: Node): QueueResult | null {
  if (queue.kind !== 'ended') return null;
  const isRebooted = claim.kind === 'present' && claim.value.by === 'job' && viewOf(claim.value, node) === 'rebooted';
  return isRebooted && queue.result.kind === 'killed' ? null : queue.result;
}

/** A queue knows its own shell only: that it has stopped or killed that one says nothing of what the job has started. */
function executing(queue: QueueState): Observation {
  switch (queue.kind) {
    case 'suspended':
      return { kind: 'executing', aside: 'the queue has suspended its shell, and the job runs on' };
    case 'ended':
      return { kind: 'executing', aside: `the queue says that it ${resultText(queue.result)}, and the job runs on` };
    default:
      return { kind: 'executing' };
  }
}

function resultText(result: QueueResult): string {
  switch (result.kind) {
    case 'killed':
      return 'was killed';
    case 'not_started':
      return 'never started';
    case 'succeeded':
    case 'failed':
      return 'has ended';
  }
}

function judgeUnclaimed(queue: QueueState, alive: boolean): Observation {
  switch (queue.kind) {
    case 'held':
      // let go a moment ago: its script is there and about to claim
      return alive ? { kind: 'queued' } : { kind: 'held' };
    case 'queued':
    case 'running':
      return { kind: 'queued' };
    case 'suspended':
      return { kind: 'suspended' };
    case 'unknown':
      return unknown(`the queue says ${excerpt(queue.text)}`);
    case 'ended':
    case 'absent':
      return alive ? unknown('processes carry its token, but no job has claimed it') : missing(queue);
  }
}

/** Its processes cannot be looked up from here: the queue's word is all there is. */
function judgeElsewhere(claim: JobClaim, queue: QueueState, node: Node): Observation {
  switch (queue.kind) {
    case 'running':
      return { kind: 'executing' };
    case 'suspended':
      return { kind: 'suspended' };
    case 'ended':
      return missing(queue);
    case 'held':
    case 'queued':
    case 'unknown':
    case 'absent':
      return unknown(`it was started on ${whereIs(claim)}, which cannot be seen from ${node.name}`);
  }
}

function claimedElsewhere(facts: Facts, node: Node): boolean {
  const { claim } = facts;
  return claim.kind === 'present' && claim.value.by === 'job' && viewOf(claim.value, node) === 'elsewhere';
}

/** Something of it runs, or is about to, whatever else is unclear. */
export function isAtWork(facts: Facts, node: Node): boolean {
  return facts.processes.length > 0 || AT_WORK.has(judge(facts, node).kind);
}

const AT_WORK: ReadonlySet<Observation['kind']> = new Set(['held', 'queued', 'suspended', 'executing']);

/** May the queue still have processes of it somewhere? */
export function isActive(queue: QueueState): boolean {
  return queue.kind === 'running' || queue.kind === 'suspended' || queue.kind === 'unknown';
}

export function whereIs(claim: JobClaim): string {
  return `${claim.node} (boot ${claim.bootId}, pid namespace ${claim.pidNamespace}, user ${claim.uid})`;
}

/** Below the root of its host. */
function placeOf({ token }: Facts, receipt: 'claim' | 'end'): string {
  return `attempts/${token}/${receipt}`;
}

export function excerpt(text: string): string {
  return JSON.stringify(text.slice(0, 80));
}

function missing(queue: QueueState): Observation {
  return { kind: 'missing', queue: queue.kind === 'ended' ? queue.result : null };
}

function unknown(reason: string): Observation {
  return { kind: 'unknown', reason };
}

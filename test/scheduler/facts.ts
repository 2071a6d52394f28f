import * as fc from 'fast-check';

import type { Claim, End, Node, QueueResult, QueueState, Receipt } from '../../src/domain/job.ts';
import type { Facts } from '../../src/scheduler/scheduler.ts';

export const NODE: Node = { name: 'node-1', bootId: 'b00t-1111', pidNamespace: '4026531836', uid: 1000 };

export const CLAIM: Extract<Claim, { by: 'job' }> = {
  by: 'job',
  node: NODE.name,
  bootId: NODE.bootId,
  pidNamespace: NODE.pidNamespace,
  uid: NODE.uid,
  pid: 10,
  session: 10,
  startTicks: '5',
};

export const ABSENT = { kind: 'absent' } as const;

export function present<T>(value: T): Receipt<T> {
  return { kind: 'present', value };
}

/** A directory that was uploaded to, and nothing more. */
export function facts(change: Partial<Facts> = {}): Facts {
  return {
    token: 'mqi-i-c-1-r',
    queue: ABSENT,
    job: null,
    unreadable: null,
    directory: 'present',
    manifest: 'present',
    claim: ABSENT,
    end: ABSENT,
    slot: null,
    processes: [],
    stopped: false,
    ...change,
  };
}

const presence = fc.constantFrom('present', 'absent');
const result: fc.Arbitrary<QueueResult> = fc.oneof(
  fc.constant({ kind: 'succeeded' as const }),
  fc.record({ kind: fc.constant('failed' as const), exitCode: fc.integer({ min: 1, max: 255 }) }),
  fc.constant({ kind: 'killed' as const }),
  fc.record({ kind: fc.constant('not_started' as const), reason: fc.string() }),
);
const queue: fc.Arbitrary<QueueState> = fc.oneof(
  fc.constantFrom('absent', 'held', 'queued', 'suspended', 'running').map((kind) => ({ kind })),
  fc.record({ kind: fc.constant('ended' as const), result }),
  fc.record({ kind: fc.constant('unknown' as const), text: fc.string() }),
);
const claim: fc.Arbitrary<Claim> = fc.oneof(
  fc.constant({ by: 'revocation' as const, who: 'mqi', why: 'x' }),
  fc
    .record({
      node: fc.constantFrom(NODE.name, 'node-2'),
      bootId: fc.constantFrom(NODE.bootId, 'b00t-2222'),
      pidNamespace: fc.constantFrom(NODE.pidNamespace, '4026532000'),
      uid: fc.constantFrom(NODE.uid, 2000),
    })
    .map((where) => ({ ...CLAIM, ...where })),
);
const end: fc.Arbitrary<End> = fc.oneof(
  fc.record({ kind: fc.constant('exited' as const), exitCode: fc.integer({ min: 0, max: 255 }) }),
  fc.constant({ kind: 'signalled' as const, signal: 'KILL' }),
  fc.constant({ kind: 'lost' as const }),
);
function receipt<T>(value: fc.Arbitrary<T>): fc.Arbitrary<Receipt<T>> {
  return fc.oneof(
    fc.constant(ABSENT),
    fc.record({ kind: fc.constant('garbled' as const), text: fc.string() }),
    value.map(present),
  );
}

export const anyFacts: fc.Arbitrary<Facts> = fc
  .record({
    queue,
    directory: presence,
    manifest: presence,
    claim: receipt(claim),
    end: receipt(end),
    stopped: fc.boolean(),
    processes: fc.oneof(fc.constant([]), fc.array(fc.integer({ min: 2, max: 99 }), { minLength: 1, maxLength: 3 })),
  })
  .map((change) =>
    change.directory === 'present'
      ? facts(change)
      : // what lies in no directory was not seen
        facts({ ...change, manifest: 'absent', claim: ABSENT, end: ABSENT }),
  );

import { eq } from 'drizzle-orm';
import { onTestFinished } from 'vitest';

import type { Proof } from '../../../../src/domain/attempt.ts';
import type { Failure } from '../../../../src/domain/failure.ts';
import type { Facts, Look, Scheduler } from '../../../../src/scheduler/scheduler.ts';
import { insertAttempt, readAttempt } from '../../../../src/store/attempts.ts';
import type { AttemptRow } from '../../../../src/store/attempts.ts';
import type { Store } from '../../../../src/store/database.ts';
import { openStore } from '../../../../src/store/open.ts';
import { cases } from '../../../../src/store/schema.ts';
import { readSlots, syncSlots } from '../../../../src/store/slots.ts';
import { lastingTroubles } from '../../../../src/store/troubles.ts';
import { admitCase } from '../../../../src/supervisor/case/admit.ts';
import { createTroubles } from '../../../../src/supervisor/troubles.ts';
import { FakeHost } from '../../fake-host.ts';
import { VirtualClock } from '../../virtual-clock.ts';

export const HOUR = 3_600_000;
const SLOTS = ['a', 'b'];
export const NODE: Look['node'] = { name: 'fake', bootId: 'b'.repeat(8), pidNamespace: '1', uid: 0 };

/** What a look says of an attempt of which nothing is there but its directory. */
export function factsOf(token: string, change: Partial<Facts> = {}): Facts {
  return {
    token,
    queue: { kind: 'absent' },
    job: null,
    unreadable: null,
    directory: 'present',
    manifest: 'present',
    claim: { kind: 'absent' },
    end: { kind: 'absent' },
    slot: null,
    processes: [],
    stopped: false,
    ...change,
  };
}

export interface Bench {
  readonly store: Store;
  readonly clock: VirtualClock;
  readonly troubles: ReturnType<typeof createTroubles>;
  /** A scheduler of which a test says what it needs; each of the other operations succeeds. */
  readonly scheduler: (change: Partial<Scheduler>) => Scheduler;
  /** An attempt on the host `fake` that is over, of a case that is over, as far as nothing else is said. */
  readonly attempt: (name: string, change?: Partial<AttemptRow>, live?: boolean) => string;
  readonly row: (token: string) => AttemptRow | null;
  /** `KIND TOKEN: REASON` of all that is wrong now. */
  readonly wrong: () => string[];
  readonly slots: () => Record<string, string>;
}

export const FAILED: Failure = { kind: 'job_failed', exitCode: 3, message: 'it failed', hint: 'mqi cases logs' };

export function createBench(): Bench {
  const store = openStore(':memory:');
  onTestFinished(() => store.close());
  const clock = new VirtualClock();
  const say = (): void => {};
  store.write((tx) => syncSlots(tx, 'fake', SLOTS, clock.now()));
  const fake = new FakeHost({ observeEveryMs: 1_000, slots: SLOTS, compared: false }).host;
  return {
    store,
    clock,
    troubles: createTroubles({ store, clock, log: { debug: say, info: say, warn: say, error: say } }),
    scheduler: (change) => ({ ...fake.scheduler, ...change }),
    attempt(name, change = {}, live = false) {
      const token = `mqi-lab-${name}-1-aa`;
      const at = clock.now();
      store.write((tx) => {
        const found = { path: `/new/${name}`, name, fingerprint: 'f', files: 1, sizeBytes: 1 };
        admitCase(tx, name, found, HOUR, at);
        if (!live)
          tx.update(cases).set({ state: 'completed', phase: 'completed', token }).where(eq(cases.id, name)).run();
        const proof: Proof = 'gone';
        const row = { token, caseId: name, number: 1, host: 'fake', limitMs: HOUR, createdAt: at, endedAt: at, proof };
        insertAttempt(tx, { ...row, ...change });
      });
      return token;
    },
    row: (token) => readAttempt(store.db, token),
    wrong: () => lastingTroubles(store.db).map(({ what, token, reason }) => `${what} ${token ?? ''}: ${reason}`),
    slots: () => Object.fromEntries(readSlots(store.db).map(({ name, state }) => [name, state])),
  };
}

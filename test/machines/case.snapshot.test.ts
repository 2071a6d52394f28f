import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';

import { createActor } from 'xstate';
import type { Snapshot } from 'xstate';
import { describe, expect, test } from 'vitest';

import { CONTEXT_VERSION, caseMachine } from '../../machines/index.ts';
import type { CaseEvent } from '../../machines/index.ts';
import { PHASES, SLOT_HOLDING_PHASES, isFinal, stateOf } from '../../src/domain/case.ts';
import type { Phase } from '../../src/domain/case.ts';
import * as f from './case.fixture.ts';

const FOLDER = new URL('../fixtures/snapshots/', import.meta.url);
const fileOf = (phase: Phase): URL => new URL(`case.v2.${phase}.json`, FOLDER);
const phases: readonly Phase[] = Object.values(PHASES).flat();

type Persisted = Snapshot<unknown>;

const persistedNow = (phase: Phase): Persisted =>
  JSON.parse(JSON.stringify(caseMachine.getPersistedSnapshot(f.walk(f.ROUTES[phase])))) as Persisted;
const committed = (phase: Phase): Persisted => JSON.parse(readFileSync(fileOf(phase), 'utf8')) as Persisted;
/** As the daemon does it: an actor that is made and never started. Its input is asked for by the types and not used. */
const restore = (snapshot: Persisted): f.CaseSnapshot =>
  createActor(caseMachine, { snapshot, input: { caseId: 'unused', attempt: 9, limitMs: 9 } }).getSnapshot();

/** `MQI_WRITE_SNAPSHOTS=1 npx vitest run test/machines/case.snapshot.test.ts`, for a new version beside the old. */
function writeSnapshots(): void {
  mkdirSync(FOLDER, { recursive: true });
  for (const phase of phases) writeFileSync(fileOf(phase), `${JSON.stringify(persistedNow(phase), null, 2)}\n`);
}
if (process.env['MQI_WRITE_SNAPSHOTS'] === '1') writeSnapshots();

/** How each phase goes on to an end. */
const ONWARD: Readonly<Record<Phase, readonly CaseEvent[]>> = {
  waiting: [f.assigned, f.inputsChanged],
  staging: [f.verified, f.leased, f.restarted],
  staged: [f.leased, f.refused],
  creating: [f.created, f.released, f.ended(f.EXIT_0), f.collected],
  confirming: [f.absent],
  releasing: [f.released, f.sees('executing'), f.ended(f.EXIT_3), f.collected],
  queued: [f.sees('executing'), f.ended(f.EXIT_0), f.collected],
  executing: [f.sees('executing', f.LIMIT_MS), f.gone(f.SIGKILL), f.collected],
  stopping: [f.gone(f.LOST), f.collected],
  collecting: [f.collected],
  completed: [],
  failed: [],
};

test('there is one committed snapshot a phase of this version; those of older ones are for the upgrade', () => {
  const current = readdirSync(FOLDER).filter((name) => name.startsWith(`case.v${CONTEXT_VERSION}.`));
  expect(current.toSorted()).toEqual(phases.map((phase) => `case.v2.${phase}.json`).toSorted());
  expect(CONTEXT_VERSION).toBe(2);
  for (const phase of phases) expect(committed(phase)).toMatchObject({ context: { version: 2 } });
});

describe.each(phases)('a committed snapshot in `%s`', (phase) => {
  test('is what the machine makes now', () => {
    expect(committed(phase)).toEqual(persistedNow(phase));
  });

  test('restores to the same case in the same phase, with its slot', () => {
    const snapshot = restore(committed(phase));
    expect(snapshot.status).toBe(isFinal(stateOf(phase)) ? 'done' : 'active');
    expect(f.phaseOf(snapshot)).toBe(phase);
    expect(snapshot.context).toEqual(f.walk(f.ROUTES[phase]).context);
    expect(snapshot.hasTag('holdsSlot')).toBe(SLOT_HOLDING_PHASES.has(phase));
    expect(JSON.parse(JSON.stringify(caseMachine.getPersistedSnapshot(snapshot)))).toEqual(committed(phase));
  });

  test('goes on to an end as if nothing had been', () => {
    let snapshot = restore(committed(phase));
    for (const event of ONWARD[phase]) {
      expect(snapshot.can(event)).toBe(true);
      // a daemon may be killed between any two events
      snapshot = restore(
        JSON.parse(JSON.stringify(caseMachine.getPersistedSnapshot(f.step(snapshot, event)))) as Persisted,
      );
    }
    expect(snapshot.status).toBe('done');
    expect(snapshot.context).toEqual(f.walk([...f.ROUTES[phase], ...ONWARD[phase]]).context);
  });
});

test('a snapshot of a state that is no more restores as an error, by status and without a throw', () => {
  const renamed: Persisted & { readonly value: unknown } = {
    ...committed('queued'),
    value: { running: 'pending' },
  };
  expect(restore(renamed).status).toBe('error');
});

import { beforeAll, describe, expect, test } from 'vitest';

import type { FailureKind } from '../../src/domain/failure.ts';
import { IS_LONG, describeOnHpc } from '../hpc/lab.ts';
import { whyMachineIsMissing } from '../lab/machine.ts';
import { FAULTS } from './faults.ts';
import type { Fault } from './faults.ts';
import { MOMENTS, play } from './scenario.ts';
import type { Moment, Outcome } from './scenario.ts';

/** So many hosts at a time are as much as two cores bear. */
const AT_ONCE = 3;
const PATIENCE_MS = 600_000;

const chosen = FAULTS.filter((fault) => IS_LONG || fault.inCi);

/** What an attempt may end as beside `completed`, when the fault came at that moment; none: it goes on as if nothing was. */
function toleratedAt(moment: Moment, { kind }: Fault): readonly (readonly FailureKind[])[] {
  if (kind === 'crashed' && moment === 'run') return [['job_lost']];
  // the host died before it could create the job: it is looked for, is not there, and nothing is submitted again by itself
  if (kind === 'crashed' && moment === 'create') return [['submission_failed']];
  // it thaws while we look: whoever is first, us to revoke or it to create
  if (kind === 'frozen' && moment === 'create') return [[], ['submission_failed']];
  return [[]];
}

describeOnHpc(
  'while cases stand in five moments at once, the daemon bears',
  { rights: [whyMachineIsMissing()] },
  () => {
    const outcomes = new Map<Fault, Promise<Outcome>>();

    beforeAll(() => {
      const ends: Promise<unknown>[] = [];
      for (const [index, fault] of chosen.entries()) {
        const outcome = Promise.resolve(ends[index - AT_ONCE]).then(() => play(fault));
        outcomes.set(fault, outcome);
        ends.push(outcome.catch(() => {}));
      }
    });

    describe.each(chosen)('$name', { timeout: PATIENCE_MS }, (fault) => {
      test.each(MOMENTS)(
        'during %s: the case completes, and the job of each attempt ran once at most',
        async (moment) => {
          const { cases } = await outcomes.get(fault)!;
          const { failures, state, runs, isIntact } = cases[moment];
          expect(state).toBe('completed');
          expect(isIntact).toBe(true);
          expect(toleratedAt(moment, fault)).toContainEqual(failures);
          const hasRun = failures.map((kind) => (kind === 'job_lost' ? 1 : 0));
          expect(runs).toEqual([...hasRun, 1]);
        },
      );

      test('and every slot is free, nothing is left running, and the host knows of no other jobs', async () => {
        const { slots, claimed, ran, tasks, left, seconds } = await outcomes.get(fault)!;
        expect(slots).toEqual(['free', 'free', 'free', 'free']);
        expect(left).toBe(0);
        expect(claimed).toEqual(ran);
        const labels = tasks.map((task) => task.label);
        expect(new Set(labels).size).toBe(labels.length);
        console.info(`${fault.name}: ${seconds.toFixed(0)} s`);
      });

      test('and what happened is told: while it lasts, and in the journal', async () => {
        const { cases } = await outcomes.get(fault)!;
        for (const moment of MOMENTS) expect(cases[moment].why).toMatch(new RegExp(`^${moment} (is|waits) `));
        if (fault.kind === 'slow') return;
        expect(cases.run.why).toContain('is executing, unreachable');
        expect(cases.run.events).toContain('job.observed');
        expect(cases.run.spells).toBeGreaterThan(0);
      });
    });
  },
);

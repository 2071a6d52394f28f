import { expect, test } from 'vitest';

import { readAttemptsOfCase, updateAttempt } from '../../../src/store/attempts.ts';
import { readCase } from '../../../src/store/cases.ts';
import { readOrder, recordOrder } from '../../../src/store/orders.ts';
import { readSlots } from '../../../src/store/slots.ts';
import { createWorld } from '../world.ts';

const SECOND = 1_000;

/**
 * A second fence, which no simulated world can show to be missing: whatever records an end records its proof in the same
 * transaction (commit-attempt, reconciler, order-kill), and only a mere word, which has no end, is ever taken back. It is
 * kept because a slot must hang on the proof alone: the day that an end is recorded without one, a job that runs would be
 * adopted without its slot.
 */
test('an orphan with a receipt of its end, and without the proof that nothing of it runs, is adopted with its slot', async () => {
  const world = createWorld({ observeEveryMs: 10 * SECOND, limitMs: 3_600 * SECOND });
  world.supervisor.start();
  const caseId = world.admit('case');
  await world.clock.pass(20 * SECOND);
  const order = async (kind: 'abandon' | 'adopt') => {
    const what = kind === 'adopt' ? { kind, caseId, token: null } : { kind, caseId };
    const id = recordOrder(world.store, what, 'alice', 'a test', world.clock.now());
    await world.clock.pass(5 * SECOND);
    return readOrder(world.store.db, id)!;
  };
  expect(await order('abandon')).toMatchObject({ outcome: 'done' });
  const [orphan] = readAttemptsOfCase(world.store.db, caseId);
  expect(orphan).toMatchObject({ proof: null, end: null });
  world.store.write((tx) => updateAttempt(tx, orphan!.token, { end: { kind: 'exited', exitCode: 0 } }));

  expect(await order('adopt')).toMatchObject({ outcome: 'done' });
  await world.clock.pass(15 * SECOND);
  expect(readCase(world.store.db, caseId)).toMatchObject({ phase: 'executing', token: orphan!.token });
  expect(readSlots(world.store.db)).toMatchObject([{ state: 'leased', caseId, token: orphan!.token }]);
});

import assert from 'node:assert/strict';

import { recordOrder } from '../../../src/store/orders.ts';
import { PUEUE, TWO_SLOTS } from './hosts.ts';
import type { Scenario } from './scenario.ts';
import type { Scene } from './scene.ts';

/** Longer than any of these stories. */
const LONG_JOB = { runMs: 600_000 };

/** `mqi slots clear`, by somebody who did not look. */
function clear(scene: Scene, slot: string): void {
  const { store, atMs } = scene.world.operator();
  recordOrder(store, { kind: 'clear_slot', host: scene.host().name, slot }, 'operator', 'simulated', atMs);
}

/** The job of c1 runs on, its case is abandoned, and an operator says, while nobody can look, that nothing runs there. */
async function vouchWhileBlind(scene: Scene): Promise<{ readonly token: string; readonly slot: string }> {
  await scene.untilPhase('c1', 'executing');
  const { token, slot } = scene.case('c1');
  assert.ok(token !== null && slot !== null);
  scene.order('c1', 'abandon');
  await scene.until('its slot is out of service', () => scene.slot(slot).state === 'quarantined');
  scene.do({ kind: 'cut', host: 0, cut: 'reset', forMs: 900_000 });
  await scene.until('its host is unreachable', () => scene.world.checker.page.offline.size === 1);
  clear(scene, slot);
  await scene.until('the word counts', () => scene.slot(slot).state === 'free');
  return { token, slot };
}

/** Checks that are made once more, because something else may have happened since they were made first. */
export const FENCES: readonly Scenario[] = [
  {
    name: 'cleared while unreachable',
    law: 'a host that comes back is given no work before it was looked at again, whoever said meanwhile that nothing runs there',
    set: { hosts: PUEUE, cases: ['c1'], later: { c2: 2_000 }, job: LONG_JOB },
    async play(scene) {
      await scene.untilPhase('c2', 'staged');
      const { token, slot } = await vouchWhileBlind(scene);
      scene.wire().heal();
      await scene.until('its job is found again', () => scene.slot(slot).state === 'quarantined');
      assert.equal(scene.job(token).end, null);
      assert.equal(scene.case('c2').phase, 'staged');
    },
  },
  {
    name: 'a word that was wrong',
    law: 'an attempt whose job is seen at work has no proof any more, whatever an operator said: the next one of its case waits',
    set: { hosts: TWO_SLOTS, cases: ['c1'], job: LONG_JOB },
    async play(scene) {
      const { token, slot } = await vouchWhileBlind(scene);
      scene.wire().heal();
      await scene.until('its job is found again', () => scene.slot(slot).state === 'quarantined');
      scene.order('c1', 'retry');
      await scene.pass(60_000);
      assert.equal(scene.case('c1').phase, 'waiting');
      scene.order('c1', 'adopt');
      await scene.untilPhase('c1', 'executing');
      assert.deepEqual([scene.case('c1').token, scene.case('c1').slot], [token, slot]);
    },
  },
  {
    name: 'an upload that was over before its attempt was',
    law: 'what became of a piece of work is told to the entry that wanted it, however late it can be committed',
    set: { hosts: PUEUE, cases: ['c1'] },
    async play(scene) {
      // its outcome cannot be committed, and is tried again ever less often
      await scene.untilPassing('upload.after', () => scene.do({ kind: 'database full', forMs: 10_000 }));
      scene.order('c1', 'cancel');
      scene.order('c1', 'retry');
      await scene.until('its next attempt has begun', () => scene.case('c1').attempt === 2);
      await scene.untilPhase('c1', 'staging');
      await scene.untilPhase('c1', 'completed');
    },
  },
  {
    name: 'adopted while it was looked at',
    law: 'a job that was given back to its case is not ended as an orphan by a look from before',
    set: { hosts: PUEUE, cases: ['c1'], job: LONG_JOB },
    async play(scene) {
      await scene.untilPassing('commit.before.job.created', () => {
        scene.do({ kind: 'hand', host: 0, hand: 'release held' });
        scene.do({ kind: 'crash', downMs: 5_000 });
      });
      await scene.until('it is an orphan', () => scene.slot().state === 'quarantined');
      // nobody is left who could write how it ended: the next look of the reconciler misses it
      scene.do({ kind: 'hand', host: 0, hand: 'kill all' });
      scene.do({ kind: 'cut', host: 0, cut: 'reset', forMs: 5_000 });
      await scene.until('its host is unreachable', () => scene.hostState() === 'offline');
      scene.do({ kind: 'slow', host: 0, what: 'looks', slowness: 1, forMs: 120_000 });
      // it is reconciled at once, and by the time that it was looked at the order is handled
      await scene.until('its host is back', () => scene.hostState() === 'online');
      scene.order('c1', 'adopt');
      await scene.untilPhase('c1', 'queued');
      await scene.untilPhase('c1', 'failed');
      scene.expectFailure('c1', 'job_killed');
    },
  },
  {
    name: 'a look that a blind spell overtook',
    law: 'what a look saw before its host became unreachable begins no view: the time until it is back counts nothing',
    set: { hosts: PUEUE, cases: ['c1'], later: { c2: 10_000 }, job: { runMs: 120_000 } },
    async play(scene) {
      await scene.untilPhase('c1', 'executing');
      // nobody hears how it ended, which ends the sight of the host, half a minute later, and no connection
      await scene.untilPassing('upload.before', () => scene.wire().loseAnswers(1));
      await scene.pass(15_000);
      scene.do({ kind: 'slow', host: 0, what: 'looks', slowness: 1, forMs: 60_000 });
      await scene.until('the host is unreachable', () => scene.hostState() === 'offline');
      await scene.untilPhase('c2', 'completed');
      assert.ok(scene.case('c1').observedMs <= scene.job(scene.case('c1').token).seenMs + 1);
    },
  },
];

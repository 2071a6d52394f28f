import assert from 'node:assert/strict';

import type { TroubleKind } from '../../../src/domain/trouble.ts';
import type { Oddity } from '../host/oddities.ts';
import { PUEUE, TWO_SLOTS } from './hosts.ts';
import type { Scenario } from './scenario.ts';
import type { Scene } from './scene.ts';

const LONG_MS = 600_000;
/** Two reconciles and more. */
const SWEPT_MS = 700_000;

const tokenOf = (scene: Scene, name: string): string => {
  const { token } = scene.case(name);
  assert.ok(token !== null, `${name} has no token`);
  return token;
};
const begin = (scene: Scene, oddity: Oddity, name: string): string => {
  const token = tokenOf(scene, name);
  scene.host().oddities.begin(oddity, token);
  return token;
};
const isTold = (scene: Scene, token: string, what: TroubleKind): boolean =>
  scene.world.checker.page.troubles.some((trouble) => trouble.token === token && trouble.what === what);
const isProven = (scene: Scene, token: string): boolean =>
  scene.world.checker.page.attempts.some((attempt) => attempt.token === token && attempt.proof !== null);

/** Trouble of one attempt, one case or one deed: everybody else goes on, and who is held up is named. */
export const ODDITY_STORIES: readonly Scenario[] = [
  {
    name: 'three folders on a disk that does not answer',
    law: 'a case that is blocked holds no place for those that are uploaded next',
    set: { hosts: PUEUE, cases: ['c1', 'c2', 'c3'], later: { c4: 60_000 } },
    async play(scene) {
      for (const number of [0, 1, 2]) scene.do({ kind: 'folder hangs', case: number, forMs: LONG_MS });
      await scene.untilPhase('c4', 'completed');
      assert.ok(scene.world.timeline.nowMs < LONG_MS);
      for (const name of ['c1', 'c2', 'c3']) assert.ok(isTold(scene, tokenOf(scene, name), 'blocked'), name);
      await scene.untilPhase('c1', 'completed');
    },
  },
  {
    name: 'a folder that somebody deleted, and one whose disk is not mounted',
    law: 'the deleted one ends its case, the other one waits for its disk',
    set: { hosts: PUEUE, cases: ['c1', 'c2'] },
    async play(scene) {
      scene.do({ kind: 'folder goes', case: 0, how: 'deleted', forMs: LONG_MS });
      scene.do({ kind: 'folder goes', case: 1, how: 'unmounted', forMs: 60_000 });
      await scene.untilPhase('c1', 'failed');
      scene.expectFailure('c1', 'inputs_changed');
      await scene.until('the other one is told', () => isTold(scene, tokenOf(scene, 'c2'), 'blocked'));
      await scene.untilPhase('c2', 'completed');
    },
  },
  {
    name: 'one of two dead attempts that cannot be looked at',
    law: 'a reconcile names it, keeps its slot and goes on with the next',
    set: { hosts: TWO_SLOTS, cases: ['c1', 'c2'], later: { c3: 60_000 } },
    async play(scene) {
      await scene.until('both may have a job', () =>
        scene.world.checker.page.slots.every(({ state }) => state === 'leased'),
      );
      const tokens = ['c1', 'c2'].map((name) => tokenOf(scene, name)).sort();
      scene.order('c1', 'abandon');
      scene.order('c2', 'abandon');
      scene.do({ kind: 'crash', downMs: 1_000 });
      // in the order of their names, the first is met first
      scene.host().oddities.begin('hidden', tokens[0]!);
      await scene.until('the other one is proven', () => isProven(scene, tokens[1]!));
      await scene.until('it is named', () => isTold(scene, tokens[0]!, 'unproven'));
      await scene.untilPhase('c3', 'completed');
      assert.equal(isProven(scene, tokens[0]!), false);
      assert.equal(scene.hostState(), 'online');
    },
  },
  {
    name: 'a dead attempt on a full disk',
    law: 'an attempt that cannot be revoked is named and keeps its slot, and the host goes on',
    set: { hosts: TWO_SLOTS, cases: ['c1'], later: { c2: 5_000 }, job: { runMs: 60_000 } },
    async play(scene) {
      await scene.untilPassing('create.before', () => {
        scene.do({ kind: 'disk full', host: 0, forMs: 300_000 });
        scene.do({ kind: 'crash', downMs: 1_000 });
      });
      await scene.untilPhase('c1', 'failed');
      const token = tokenOf(scene, 'c1');
      await scene.until('it is named', () => isTold(scene, token, 'unproven'));
      assert.equal(scene.slot('a').state, 'quarantined');
      const spells = spellsOf(scene);
      await scene.pass(100_000);
      assert.equal(spellsOf(scene), spells);
      assert.equal(scene.hostState(), 'online');
      await scene.until('it is proven when there is space again', () => isProven(scene, token));
      await scene.untilPhase('c2', 'completed');
    },
  },
  {
    name: 'a claim that cannot be written',
    law: 'a job whose answer was lost, and that cannot be revoked, holds its own case up and nobody else',
    set: { hosts: TWO_SLOTS, cases: ['c1'], later: { c2: 5_000 } },
    async play(scene) {
      await scene.untilPassing('create.before', () => {
        begin(scene, 'unclaimable', 'c1');
        scene.wire().loseAnswers(1);
      });
      await scene.untilPassing('commit.before.job.unconfirmed', () => {
        const { queue } = scene.host();
        for (const entry of queue.entries()) queue.remove(entry);
      });
      await scene.until('it is told', () => isTold(scene, tokenOf(scene, 'c1'), 'blocked'));
      await scene.untilPhase('c2', 'completed');
      assert.equal(scene.case('c1').phase, 'confirming');
      assert.equal(scene.hostState(), 'online');
    },
  },
  {
    name: 'an attempt that can never be removed',
    law: 'retention names it, and removes the others',
    set: { hosts: PUEUE, cases: ['c1', 'c2'], later: { c3: 60_000 }, keepMs: 30_000, job: { runMs: 5_000 } },
    async play(scene) {
      await scene.untilPhase('c1', 'executing');
      const stuck = begin(scene, 'stuck', 'c1');
      await scene.untilPhase('c3', 'completed');
      await scene.pass(SWEPT_MS);
      assert.deepEqual([...scene.host().directories.keys()], [stuck]);
      assert.ok(isTold(scene, stuck, 'unremoved'));
      scene.host().oddities.clear();
      await scene.pass(SWEPT_MS);
      assert.equal(scene.host().directories.size, 0);
      assert.equal(isTold(scene, stuck, 'unremoved'), false);
    },
  },
  {
    name: 'more files than can be collected',
    law: 'its case waits and says so, its GPU is free, and its host goes on',
    set: { hosts: PUEUE, cases: ['c1'], later: { c2: 30_000 } },
    async play(scene) {
      await scene.untilPhase('c1', 'executing');
      const token = begin(scene, 'too many files', 'c1');
      await scene.until('it is told', () => isTold(scene, token, 'blocked'));
      await scene.untilPhase('c2', 'completed');
      assert.equal(scene.case('c1').phase, 'collecting');
      scene.host().oddities.clear();
      await scene.untilPhase('c1', 'completed');
    },
  },
  {
    name: 'what was staged and cannot be removed',
    law: 'a sweep names it, and its host goes on',
    set: { hosts: PUEUE, cases: ['c1'], later: { c2: 400_000 } },
    async play(scene) {
      await scene.untilPhase('c1', 'staging');
      const token = begin(scene, 'stuck', 'c1');
      await scene.until('something lies there', () => scene.host().staging.has(token));
      scene.order('c1', 'cancel');
      await scene.untilPhase('c1', 'failed');
      await scene.until('it is named', () => isTold(scene, token, 'unswept'));
      await scene.untilPhase('c2', 'completed');
      scene.host().oddities.clear();
      await scene.pass(SWEPT_MS);
      assert.equal(isTold(scene, token, 'unswept'), false);
    },
  },
  {
    name: 'forgotten while it was held up',
    law: 'what held an attempt up is over when its case begins anew',
    set: { hosts: PUEUE, cases: ['c1'] },
    async play(scene) {
      await scene.untilPassing('upload.before', () => scene.do({ kind: 'back up' }));
      await scene.untilPhase('c1', 'executing');
      const token = begin(scene, 'hidden', 'c1');
      scene.do({ kind: 'restore', downMs: 1_000 });
      await scene.until('its upload is held up', () => isTold(scene, token, 'blocked'));
      await scene.untilPhase('c1', 'waiting');
      assert.equal(isTold(scene, token, 'blocked'), false);
      await scene.until('the attempt is named', () => isTold(scene, token, 'unproven'));
    },
  },
];

function spellsOf(scene: Scene): number {
  return scene.world.database.sqlite.prepare('select count(*) from spells').pluck().get() as number;
}

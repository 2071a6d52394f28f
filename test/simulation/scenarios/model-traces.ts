import assert from 'node:assert/strict';

import { PUEUE, TWO_HOSTS, TWO_SLOTS } from './hosts.ts';
import type { Scenario } from './scenario.ts';

/** The traces of MODEL.md: what the first text of the design got wrong, the shortest way. */
export const MODEL_TRACES: readonly Scenario[] = [
  {
    name: 'V1',
    law: 'no case is leased a slot while an earlier attempt of it, on any host, lacks a proof',
    set: { hosts: TWO_HOSTS, cases: ['c1'] },
    async play(scene) {
      scene.at('commit.before.job.created', { kind: 'crash', downMs: 2_000 });
      await scene.until('the job is created', () => scene.host(0).queue.entries().length === 1);
      await scene.until('the daemon is dead', () => !scene.world.lives.isAlive);
      scene.do({ kind: 'cut', host: 0, cut: 'reset', forMs: 300_000 });
      await scene.untilPhase('c1', 'failed');
      scene.expectFailure('c1', 'interrupted');
      scene.order('c1', 'retry');
      await scene.untilPhase('c1', 'waiting');
      await scene.pass(120_000);
      assert.equal(scene.host(1).queue.entries().length, 0, 'nothing of it was created on the other host');
      scene.wire(0).heal();
      await scene.untilPhase('c1', 'completed');
    },
  },
  {
    name: 'V2',
    law: "a command that goes by a queue's id checks the token: ids are used again",
    set: { hosts: TWO_SLOTS, cases: ['c1'], later: { c2: 30_000 } },
    async play(scene) {
      scene.do({ kind: 'hand', host: 0, hand: 'pause groups' });
      await scene.untilPhase('c1', 'queued');
      assert.equal(scene.case('c1').jobId, '0');
      scene.order('c1', 'cancel');
      // it is done, nobody hears of it, and it will be done again
      await scene.untilPassing('stop.before', () => scene.wire().loseAnswers(1));
      await scene.untilPhase('c2', 'queued');
      assert.equal(scene.case('c2').jobId, '0');
      assert.equal(scene.case('c1').phase, 'stopping');
      await scene.untilPhase('c1', 'failed');
      scene.expectFailure('c1', 'cancelled');
      await scene.pass(10_000);
      scene.do({ kind: 'hand', host: 0, hand: 'start groups' });
      await scene.untilPhase('c2', 'completed');
    },
  },
  {
    name: 'V3',
    law: 'a job that is claimed, and not in the queue, was created: its id is not needed to follow it',
    set: { hosts: PUEUE, cases: ['c1'] },
    async play(scene) {
      await scene.untilPassing('create.before', () => scene.wire().loseAnswers(1));
      const { token } = scene.case('c1');
      await scene.until('it is held', () => scene.host().queue.find(token!) !== null);
      scene.do({ kind: 'hand', host: 0, hand: 'release held' });
      await scene.until('it runs', () => scene.job(token).starts === 1);
      scene.host().queue.lose(token!);
      await scene.untilPhase('c1', 'confirming');
      await scene.untilPhase('c1', 'completed');
      assert.equal(scene.case('c1').token, token);
    },
  },
  {
    name: 'V4',
    law: 'a job that is lost before its release is not released for ever',
    set: { hosts: PUEUE, cases: ['c1'] },
    async play(scene) {
      await scene.untilPassing('release.before', () => scene.host().queue.lose(scene.case('c1').token!));
      await scene.finish();
      scene.expectFailure('c1', 'job_not_started');
      assert.equal(scene.slot().state, 'free');
    },
  },
  {
    name: 'V5',
    law: 'the end of a job proves its result; its slot needs no process with the token too',
    set: { hosts: PUEUE, cases: ['c1', 'c2'], job: { childMs: 25_000 } },
    async play(scene) {
      await scene.until('a payload has ended', () =>
        [...scene.world.witness.jobs.values()].some((job) => job.end !== null),
      );
      const { token } = [...scene.world.witness.jobs.values()].find((job) => job.end !== null)!;
      await scene.pass(15_000);
      assert.equal(scene.slot().token, token, 'the slot is kept while a child lives');
      await scene.finish();
    },
  },
  {
    name: 'V6',
    law: 'a revocation is flushed before anybody relies on it',
    set: { hosts: PUEUE, cases: ['c1'] },
    async play(scene) {
      // the request stays on the way; the daemon looks it up and revokes
      await scene.untilPassing('create.before', () => scene.wire().holdNext(1));
      await scene.untilPhase('c1', 'failed');
      scene.expectFailure('c1', 'submission_failed');
      scene.do({ kind: 'power cut', host: 0, downMs: 5_000 });
      await scene.pass(10_000);
      scene.wire().letGo();
      await scene.pass(1_000);
      scene.order('c1', 'retry');
      await scene.untilPhase('c1', 'completed');
    },
  },
  {
    name: 'V7',
    law: 'the barrier reconciles every directory of a host: a restored database does not know what it did',
    set: { hosts: TWO_SLOTS, cases: ['c1', 'c2'], job: { runMs: 90_000 } },
    async play(scene) {
      await scene.until('both are cases', () => scene.world.checker.page.cases.size === 2);
      scene.do({ kind: 'back up' });
      await scene.untilPhase('c1', 'executing');
      await scene.untilPhase('c2', 'executing');
      const { token } = scene.case('c1');
      // files travel faster than the barrier is lifted
      scene.do({ kind: 'slow', host: 0, what: 'looks', slowness: 1, forMs: 40_000 });
      scene.do({ kind: 'restore', downMs: 2_000 });
      await scene.until('the orphans are found', () =>
        scene.world.checker.page.slots.every((slot) => slot.state === 'quarantined'),
      );
      scene.order('c1', 'adopt');
      await scene.untilPhase('c1', 'completed');
      assert.equal(scene.case('c1').token, token);
    },
  },
];

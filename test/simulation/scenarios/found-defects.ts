import assert from 'node:assert/strict';

import { DIRECT, PUEUE, TWO_HOSTS, TWO_SLOTS } from './hosts.ts';
import type { Scenario } from './scenario.ts';

/** What seeds of the simulation found in the daemon itself, told the shortest way. */
export const FOUND_DEFECTS: readonly Scenario[] = [
  {
    name: 'a request that comes late',
    law: 'the request for the job of an attempt that is over leaves the next attempt alone, however late it comes',
    set: { hosts: PUEUE, cases: ['c1'] },
    async play(scene) {
      await scene.untilPassing('create.before', () => scene.wire().holdNext(1));
      await scene.untilPhase('c1', 'failed');
      scene.expectFailure('c1', 'submission_failed');
      scene.do({ kind: 'hand', host: 0, hand: 'pause groups' });
      scene.order('c1', 'retry');
      await scene.untilPhase('c1', 'queued');
      scene.wire().letGo();
      await scene.pass(30_000);
      scene.do({ kind: 'hand', host: 0, hand: 'start groups' });
      await scene.untilPhase('c1', 'completed');
      assert.equal(scene.case('c1').attempt, 2);
    },
  },
  {
    name: 'forgotten while staged',
    law: 'a case that waits for its slot, and whose job a restored database forgot, begins anew and is held back',
    set: { hosts: TWO_SLOTS, cases: ['c1'], later: { c2: 10_000 }, job: { runMs: 60_000 } },
    async play(scene) {
      await scene.untilPassing('commit.before.slot.leased', () => scene.do({ kind: 'back up' }));
      await scene.untilPhase('c1', 'executing');
      const { token, slot } = scene.case('c1');
      scene.do({ kind: 'restore', downMs: 1_000 });
      await scene.until('its slot is out of service', () => scene.slot(slot!).state === 'quarantined');
      assert.equal(scene.case('c1').phase, 'waiting');
      scene.order('c1', 'adopt');
      await scene.untilPhase('c1', 'completed');
      assert.equal(scene.case('c1').token, token);
    },
  },
  {
    name: 'forgotten on another host',
    law: 'after a restore no host is given work before all were seen: what one forgot may run on another',
    set: { hosts: TWO_HOSTS, cases: ['c1'], job: { runMs: 200_000 } },
    async play(scene) {
      scene.do({ kind: 'back up' });
      await scene.untilPhase('c1', 'executing');
      const away = scene.case('c1').host === 'gpu1' ? 0 : 1;
      scene.do({ kind: 'cut', host: away, cut: 'reset', forMs: 600_000 });
      scene.do({ kind: 'restore', downMs: 1_000 });
      await scene.untilPhase('c1', 'staged');
      await scene.pass(60_000);
      assert.equal(scene.host(1 - away).queue.entries().length, 0);
      scene.wire(away).heal();
      await scene.until('the orphan is found', () => scene.slot('a', away).state === 'quarantined');
    },
  },
  {
    name: 'freed under an orphan',
    law: 'a slot that becomes free while an orphan sits on it is out of service',
    set: { hosts: PUEUE, cases: ['c1'], later: { c2: 2_000, c3: 30_000 }, job: { runMs: 120_000 } },
    async play(scene) {
      await scene.untilPhase('c1', 'executing');
      scene.order('c1', 'cancel');
      await scene.untilPassing('stop.before', () => scene.do({ kind: 'back up' }));
      await scene.untilPhase('c2', 'executing');
      scene.do({ kind: 'restore', downMs: 1_000 });
      // the proof that c1 is gone comes late: by then it is known who sits on its slot
      await scene.untilPassing('stop.before', () => scene.wire().loseAnswers(1));
      await scene.untilPhase('c1', 'failed');
      assert.equal(scene.slot().state, 'quarantined');
      await scene.pass(20_000);
    },
  },
  {
    name: 'news that was not committed',
    law: 'what a look saw, and a full disk kept from being committed, is news to the next look too',
    // it ends before a look saw it at work: its end is the only news
    set: { hosts: DIRECT, cases: ['c1'], job: { runMs: 1_500 } },
    async play(scene) {
      await scene.untilPhase('c1', 'queued');
      scene.do({ kind: 'database full', forMs: 11_000 });
      await scene.untilPhase('c1', 'completed');
    },
  },
  {
    name: 'never created, says the database',
    law: 'that a job was never created is no proof where its host says otherwise',
    set: { hosts: PUEUE, cases: ['c1'], later: { c2: 8_000 }, job: { runMs: 60_000 } },
    async play(scene) {
      await scene.untilPassing('upload.before', () => scene.do({ kind: 'back up' }));
      await scene.untilPhase('c1', 'executing');
      scene.do({ kind: 'folder changes', case: 0 });
      scene.do({ kind: 'restore', downMs: 1_000 });
      await scene.untilPhase('c1', 'failed');
      scene.expectFailure('c1', 'inputs_changed');
      await scene.until('its slot is out of service', () => scene.slot().state === 'quarantined');
    },
  },
  {
    name: 'reconciled while the disk was full',
    law: 'work begins on a host when the database says that it was looked at, and not before',
    set: { hosts: PUEUE, cases: ['c1'], later: { c2: 2_000 } },
    async play(scene) {
      await scene.untilPhase('c2', 'staged');
      scene.order('c2', 'pause');
      await scene.untilPhase('c1', 'completed');
      scene.do({ kind: 'cut', host: 0, cut: 'reset', forMs: 10_000 });
      await scene.until('its host is unreachable', () => scene.hostState() === 'offline');
      await scene.until('its host is back', () => scene.hostState() === 'online');
      scene.do({ kind: 'database full', forMs: 11_000 });
      await scene.pass(2_000);
      // nor does a look write soon what is owed
      scene.do({ kind: 'slow', host: 0, what: 'looks', slowness: 1, forMs: 30_000 });
      scene.order('c2', 'resume');
      await scene.untilPhase('c2', 'completed');
    },
  },
];

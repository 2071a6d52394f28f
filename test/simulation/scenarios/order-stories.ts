import assert from 'node:assert/strict';

import { PUEUE } from './hosts.ts';
import type { Scenario } from './scenario.ts';

/** What operators order. */
export const ORDER_STORIES: readonly Scenario[] = [
  {
    name: 'an orphan is killed',
    law: 'it ends on its host before its slot is free, and its case may run anew only then',
    set: { hosts: PUEUE, cases: ['c1'], later: { c2: 5_000 }, job: { runMs: 600_000 } },
    async play(scene) {
      await scene.untilPassing('commit.before.job.created', () => {
        scene.do({ kind: 'hand', host: 0, hand: 'release held' });
        scene.do({ kind: 'crash', downMs: 5_000 });
      });
      await scene.untilPhase('c1', 'failed');
      scene.expectFailure('c1', 'interrupted');
      await scene.until('its slot is out of service', () => scene.slot().state === 'quarantined');
      const { token } = scene.case('c1');
      assert.equal(scene.job(token).end, null);
      // the answer of the first is lost, whatever it has done
      scene.do({ kind: 'cut', host: 0, cut: 'black hole', forMs: 20_000 });
      scene.order('c1', 'kill orphans');
      await scene.pass(120_000);
      scene.order('c1', 'kill orphans');
      await scene.untilPhase('c2', 'executing');
      assert.notEqual(scene.job(token).end, null);
      scene.order('c1', 'retry');
      await scene.untilPhase('c1', 'staged');
      assert.equal(scene.job(token).starts, 1);
    },
  },
];

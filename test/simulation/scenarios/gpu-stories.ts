import assert from 'node:assert/strict';

import { recordOrder } from '../../../src/store/orders.ts';
import type { HostShape } from '../host/sim-host.ts';
import type { Scenario } from './scenario.ts';

const ONE_GPU: readonly HostShape[] = [{ name: 'gpu1', kind: 'pueue', slots: ['a'], hasDriver: true }];
const TWO_GPUS: readonly HostShape[] = [{ name: 'gpu1', kind: 'pueue', slots: ['a', 'b'], hasDriver: true }];

/** GPUs on which somebody else computes. */
export const GPU_STORIES: readonly Scenario[] = [
  {
    name: 'a stranger on the GPU',
    law: 'a slot is not leased while somebody else computes on its GPU, and at once when they have gone',
    set: { hosts: ONE_GPU, cases: ['c1'] },
    async play(scene) {
      scene.do({ kind: 'stranger', host: 0, slot: 0, forMs: 200_000 });
      await scene.untilPhase('c1', 'staged');
      await scene.pass(120_000);
      assert.equal(scene.case('c1').phase, 'staged');
      await scene.untilPhase('c1', 'completed');
      assert.ok(scene.world.timeline.nowMs > 200_000);
    },
  },
  {
    name: 'a stranger on one GPU of two',
    law: 'the other slot goes on, and a process of ours makes none busy',
    set: { hosts: TWO_GPUS, cases: ['c1', 'c2'], job: { runMs: 90_000 } },
    async play(scene) {
      scene.do({ kind: 'stranger', host: 0, slot: 1, forMs: 600_000 });
      await scene.untilPhase('c1', 'completed');
      await scene.untilPhase('c2', 'completed');
      assert.ok(scene.world.timeline.nowMs < 600_000);
      assert.equal(scene.slot('b').state, 'free');
    },
  },
  {
    name: 'a stranger that came while nobody looked',
    law: 'the barrier does not lift before the GPUs were seen too',
    set: { hosts: ONE_GPU, cases: ['c1'] },
    async play(scene) {
      await scene.untilPassing('commit.before.slot.leased', () => {
        scene.do({ kind: 'stranger', host: 0, slot: 0, forMs: 200_000 });
        scene.do({ kind: 'crash', downMs: 5_000 });
      });
      await scene.pass(100_000);
      assert.equal(scene.case('c1').phase, 'staged');
      await scene.untilPhase('c1', 'completed');
    },
  },
  {
    name: 'a stranger, a restart and a driver that fails',
    law: 'what was seen on a GPU holds until the driver says otherwise, also over a restart',
    set: { hosts: ONE_GPU, cases: [], later: { c1: 40_000 } },
    async play(scene) {
      scene.do({ kind: 'stranger', host: 0, slot: 0, forMs: 400_000 });
      await scene.pass(35_000);
      scene.do({ kind: 'driver fails', host: 0, forMs: 500_000 });
      scene.do({ kind: 'crash', downMs: 1_000 });
      await scene.untilPhase('c1', 'staged');
      await scene.pass(420_000);
      assert.equal(scene.case('c1').phase, 'staged');
      await scene.untilPhase('c1', 'completed');
    },
  },
  {
    name: 'a clearance that comes late',
    law: 'an order to end a quarantine, handled when it has ended, does not disregard a stranger',
    set: { hosts: ONE_GPU, cases: ['c1'] },
    async play(scene) {
      scene.do({ kind: 'stranger', host: 0, slot: 0, forMs: 200_000 });
      await scene.untilPhase('c1', 'staged');
      const { store, atMs } = scene.world.operator();
      recordOrder(store, { kind: 'clear_slot', host: 'gpu1', slot: 'a' }, 'operator', 'simulated', atMs);
      await scene.pass(100_000);
      assert.equal(scene.case('c1').phase, 'staged');
    },
  },
  {
    name: 'a driver that never answers',
    law: 'where the driver cannot tell, nothing is held back because of it',
    set: { hosts: ONE_GPU, cases: ['c1'] },
    async play(scene) {
      scene.do({ kind: 'driver fails', host: 0, forMs: 3_600_000 });
      await scene.untilPhase('c1', 'completed');
      assert.equal(scene.world.checker.blindSpells, 0);
    },
  },
];

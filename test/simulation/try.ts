import { World } from './world.ts';
import { PLAIN_JOB } from './world-shape.ts';
import { readLiveCases } from '../../src/store/cases.ts';

const t0 = performance.now();
const N = Number(process.argv[2] ?? 1);
for (let i = 0; i < N; i++) {
  const world = new World({
    seed: `try ${i}`, hosts: [{ name: 'gpu1', kind: i % 2 ? 'direct' : 'pueue', slots: ['a'] }], cases: [{ name: 'c1', arrivesAtMs: 100 }, { name: 'c2', arrivesAtMs: 100 }],
    limitMs: 60_000, observeEveryMs: 5_000, stageAhead: 1, keepMs: 1e9, planOf: () => PLAIN_JOB,
  });
  world.boot();
  await world.run(120_000);
  if (N === 1) { console.log(world.history.tail().join('\n')); console.log(readLiveCases(world.database.openForOrders().db)); }
  else world.database.close();
}
console.log(((performance.now() - t0) / N).toFixed(1), 'ms a world');

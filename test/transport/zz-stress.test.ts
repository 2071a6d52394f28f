import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { TREE, expectArrived, send } from './arrival.ts';
import { frailSpawn } from './frail-spawn.ts';
import { cleanScratch, scratch, writeTree } from './scratch.ts';
import { spawnLocal } from '../../src/transport/local.ts';
cleanScratch();
test('stress', { timeout: 600_000 }, async () => {
  const kinds: Record<string, number> = {};
  const started = Date.now();
  let rounds = 0;
  while (Date.now() - started < 240_000) {
    rounds++;
    const folder = scratch(); writeTree(folder, TREE);
    const root = scratch();
    const frails: ReturnType<typeof frailSpawn>[] = [];
    const runs = Array.from({ length: 4 }, async (_, index) => {
      await new Promise((r) => setTimeout(r, Math.random() * 600 * (index > 0 ? 1 : 0)));
      const kind = Math.random();
      const frail = kind < 0.4 ? null : frailSpawn({ afterBytes: Math.floor(Math.random() * 140_000), how: kind < 0.7 ? 'reset' : 'silence' });
      if (frail !== null && kind >= 0.7) frails.push(frail);
      const outcome = await send(frail?.spawn ?? spawnLocal, folder, root);
      if (outcome.kind === 'sent') expectArrived(folder, root);
      const label = outcome.kind === 'sent' ? 'sent' : JSON.stringify(outcome).replaceAll(/\/tmp[^"]*/g, 'P').slice(0, 150);
      kinds[label] = (kinds[label] ?? 0) + 1;
    });
    await Promise.all(runs);
    if (existsSync(join(root, 'attempts')) && readdirSync(join(root, 'attempts')).length > 0) expectArrived(folder, root);
    for (const frail of frails) await frail.arriveLate(Buffer.alloc(100_000, 'X')).catch(() => {});
    expect(await send(spawnLocal, folder, root)).toEqual({ kind: 'sent' });
    expectArrived(folder, root);
  }
  console.log(rounds, kinds);
});

import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, renameSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { expect, test } from 'vitest';

import { readHost } from '../../src/store/hosts.ts';
import { readJournal } from '../../src/store/journal.ts';
import { IS_LONG, createHpc, describeOnHpc, waitsFor } from './lab.ts';
import type { Hpc } from './lab.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

/** A case that is dropped in one rename; `fill` writes its files. */
function drop(hpc: Hpc, name: string, script: string, fill: (folder: string) => void): void {
  const hidden = hpc.file(`.making-${name}`);
  mkdirSync(hidden);
  writeFileSync(join(hidden, 'run.sh'), script);
  fill(hidden);
  renameSync(hidden, join(hpc.watch, name));
}

function write(folder: string, path: string, bytes: Buffer | string): void {
  mkdirSync(join(folder, dirname(path)), { recursive: true });
  writeFileSync(join(folder, path), bytes);
}

/** Fails when the copy on the host differs in any name or byte. */
function expectIdentical(hpc: Hpc, name: string): void {
  const token = hpc.caseOf(name).token!;
  execFileSync('diff', ['-r', join(hpc.watch, name), join(hpc.root, 'attempts', token, 'inputs')]);
}

/** The job trusts nothing: it fails unless all its inputs are what they were. */
const CHECKS = 'cd inputs && sha256sum --quiet -c sums';

function addSums(folder: string): void {
  const sums = execFileSync('sh', ['-c', 'find . -type f ! -name sums -exec sha256sum {} +'], { cwd: folder });
  writeFileSync(join(folder, 'sums'), sums);
}

async function seenAgain(hpc: Hpc): Promise<void> {
  await hpc.until('the host was lost', (from) => stateOf(hpc, from) !== 'online');
  hpc.proxy.set({ cutAfter: {} });
  await hpc.until('the host is back', (from) => stateOf(hpc, from) === 'online');
}

function stateOf(hpc: Hpc, from: Parameters<Parameters<Hpc['until']>[1]>[0]): string {
  void hpc;
  return readHost(from.db, 'here')!.state;
}

describeOnHpc('an upload', [], () => {
  test('that is cut at any byte never becomes half a case: each runs once, on all its inputs', async () => {
    const cuts = IS_LONG ? 96 : 12;
    const hpc = await createHpc({ proxied: true });
    const files = Array.from({ length: 6 }, (_, index) => `beam ${index}/spots.bin`);
    const fill = (folder: string): void => {
      for (const file of files) write(folder, file, randomBytes(10 * KIB));
      addSums(folder);
    };
    hpc.start();
    await hpc.until('online', (from) => stateOf(hpc, from) === 'online');
    const before = hpc.proxy.counts.up;
    drop(hpc, 'whole', hpc.counting('whole', CHECKS), fill);
    await hpc.in('whole', 'completed');
    const conversation = hpc.proxy.counts.up - before;

    for (let cut = 0; cut < cuts; cut++) {
      const name = `cut-${cut}`;
      hpc.proxy.set({ cutAfter: { up: hpc.proxy.counts.up + Math.ceil((conversation * (cut + 0.5)) / cuts) } });
      drop(hpc, name, hpc.counting(name, CHECKS), fill);
      await seenAgain(hpc);
      expect((await hpc.final(name)).failure, `cut ${cut} of ${cuts}`).toBe(null);
      expect(hpc.runs(name)).toBe(1);
      expect(hpc.attempts(name)).toHaveLength(1);
      expectIdentical(hpc, name);
    }
  });
});

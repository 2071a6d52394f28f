import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { appendFileSync, mkdirSync, renameSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { expect, test } from 'vitest';

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

/** The cut has happened, and is over. */
async function seenAgain(hpc: Hpc): Promise<void> {
  await hpc.until('the host was lost', () => hpc.host()?.state !== 'online');
  hpc.proxy.set({ cutAfter: {} });
  await hpc.online();
}

describeOnHpc('an upload', {}, () => {
  const cuts = IS_LONG ? 96 : 12;
  const law = 'that is cut at any byte never becomes half a case: each runs once, on all its inputs';
  test(law, { timeout: cuts * 30_000 }, async () => {
    const hpc = await createHpc({ proxied: true });
    const files = Array.from({ length: 6 }, (_, index) => `beam ${index}/spots.bin`);
    const fill = (folder: string): void => {
      for (const file of files) write(folder, file, randomBytes(10 * KIB));
      addSums(folder);
    };
    hpc.start();
    await hpc.online();
    const before = hpc.proxy.counts.up;
    drop(hpc, 'whole', hpc.counting('whole', CHECKS), fill);
    await hpc.until('it is there', () => hpc.phases('whole').includes('staged'));
    const conversation = hpc.proxy.counts.up - before;

    for (let cut = 0; cut < cuts; cut++) {
      const name = `cut-${cut}`;
      hpc.proxy.set({ cutAfter: { up: hpc.proxy.counts.up + Math.ceil((conversation * (cut + 0.5)) / cuts) } });
      drop(hpc, name, hpc.counting(name, CHECKS), fill);
      await seenAgain(hpc);
      const { id, failure } = await hpc.final(name);
      if (failure !== null) {
        // the cut came later than the upload: the job was about to be created
        expect(failure, `cut ${cut} of ${cuts}`).toMatchObject({ kind: 'submission_failed' });
        await hpc.order({ kind: 'retry', caseId: id, limitMs: null });
        await hpc.until('the retry is completed', () => hpc.caseOf(name).state === 'completed');
      }
      expect(hpc.runs(name)).toBe(1);
      expectIdentical(hpc, name);
    }
  });

  test('that is cut goes on with the files that are missing, and sends no whole file twice', async () => {
    const [files, fileBytes] = [64, 256 * KIB];
    const hpc = await createHpc({ proxied: true });
    hpc.start();
    await hpc.online();
    const before = hpc.proxy.counts.up;
    const cutAt = 12 * MIB;
    hpc.proxy.set({ cutAfter: { up: before + cutAt } });
    drop(hpc, 'case', hpc.counting('case', CHECKS), (folder) => {
      for (let file = 0; file < files; file++) write(folder, `${file}.bin`, randomBytes(fileBytes));
      addSums(folder);
    });
    await seenAgain(hpc);
    expect((await hpc.final('case')).failure).toBe(null);
    expectIdentical(hpc, 'case');
    expect(hpc.runs('case')).toBe(1);
    // what sshd had taken from the line but not handed on is lost (a channel's window is 2 MiB), and the file it was in
    const sentAgain = hpc.proxy.counts.up - before - files * fileBytes;
    console.info(
      `cut after ${cutAt / MIB} of ${(files * fileBytes) / MIB} MiB: ${(sentAgain / MIB).toFixed(2)} MiB more than once`,
    );
    expect(sentAgain).toBeLessThan(cutAt / 2);
  });

  test('of 5,000 files of 10 KiB arrives bit-identical', async () => {
    const hpc = await createHpc();
    drop(hpc, 'case', hpc.counting('case', CHECKS), (folder) => {
      for (let file = 0; file < 5_000; file++) write(folder, `${file % 50}/${file}.dat`, randomBytes(10 * KIB));
      addSums(folder);
    });
    hpc.start();
    expect((await hpc.final('case')).failure).toBe(null);
    expectIdentical(hpc, 'case');
    console.info(`5,000 files: ${uploadSeconds(hpc, 'case')} s`);
  });

  test('of one file of 1 GiB arrives bit-identical', async () => {
    const hpc = await createHpc();
    drop(hpc, 'case', hpc.counting('case', 'true'), (folder) => {
      // no two pieces are the same, and few of its pages are zeros
      const piece = randomBytes(MIB);
      for (let at = 0; at < 1024; at++) {
        piece.writeUInt32BE(at);
        appendFileSync(join(folder, 'ct.raw'), piece);
      }
    });
    hpc.start();
    expect((await hpc.final('case')).failure).toBe(null);
    expectIdentical(hpc, 'case');
    console.info(`1 GiB: ${uploadSeconds(hpc, 'case')} s`);
  });

  test('of names that no shell likes arrives bit-identical, and their results come back', async () => {
    const names = [
      'two  spaces ',
      'o\'clock "quoted"',
      '$(touch pwned) `id`',
      'a\nnewline',
      '-rf',
      '--checkpoint-action=exec=id',
      '*?[glob]',
      'größe-線量',
      'back\\slash',
      ';&|<>',
      `deep/${'d'.repeat(120)}/${'e'.repeat(120)}/f`,
      'tab\there',
      'star*/~/.hidden',
    ];
    const hpc = await createHpc();
    const script = hpc.counting('case "of" $x; é', 'cp -R inputs output');
    const name = "Müller O'Hara; $(id) & co";
    drop(hpc, name, script, (folder) => {
      for (const file of names) write(folder, file, randomBytes(100));
    });
    hpc.start();
    expect((await hpc.final(name)).failure).toBe(null);
    expectIdentical(hpc, name);
    execFileSync('diff', ['-r', join(hpc.watch, name), join(hpc.results, name, 'attempt-1', 'output')]);
  });

  test('over a line of 256 kbit/s does not make us blind: looks go on all the while', async () => {
    const hpc = await createHpc({ proxied: true, groups: ['gpu0', 'gpu1'], observeEvery: '2s' });
    hpc.drop('runs', waitsFor(hpc, 'go'), { data: 'dose' });
    hpc.start();
    await hpc.in('runs', 'executing');
    hpc.proxy.set({ bytesPerSecond: 32 * KIB });
    drop(hpc, 'big', 'true', (folder) => {
      writeFileSync(join(folder, 'ct.raw'), '');
      truncateSync(join(folder, 'ct.raw'), 200 * MIB);
    });
    await hpc.until('it travels', () => (hpc.attempts('big')[0]?.movedBytes ?? 0) > 0);
    const [looks, seconds] = [hpc.looks(), IS_LONG ? 60 : 20];
    const begun = performance.now();
    await hpc.until('a while is over', () => performance.now() - begun > seconds * 1000);
    const seen = hpc.looks() - looks;
    console.info(`${seen} looks in ${seconds} s beside an upload over 256 kbit/s`);
    expect(hpc.caseOf('big').phase).toBe('staging');
    expect(seen).toBeGreaterThan(seconds / 4);
    expect(hpc.host()?.state).toBe('online');
    const events = hpc.reader((from) => readJournal(from.db, hpc.caseOf('runs').id)).map((entry) => entry.event);
    expect(events).not.toContain('host.unreachable');
  });
});

function uploadSeconds(hpc: Hpc, name: string): string {
  const journal = hpc.reader((from) => readJournal(from.db, hpc.caseOf(name).id));
  const at = (phase: string): number => journal.find((entry) => entry.toPhase === phase)!.at;
  return ((at('staged') - at('staging')) / 1000).toFixed(1);
}

import { appendFileSync, cpSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { eq } from 'drizzle-orm';
import { describe, expect, test } from 'vitest';

import { cases } from '../../src/store/schema.ts';
import { SAMPLE_MS, QUIET_MS, makeFifo, startIntake, writeTree } from './harness.ts';
import type { Harness, HarnessOptions } from './harness.ts';

const READING = { signal: new AbortController().signal, onRead: () => {}, onWait: () => {} };

const SETTLE = QUIET_MS / SAMPLE_MS + 1;

/** With one case, made of a folder `case`. */
async function withCase(watch: HarnessOptions['watch'] = {}): Promise<Harness & { id: string; folder: string }> {
  const h = await startIntake({ watch });
  const folder = join(h.root, 'case');
  writeTree(folder, { a: 'A', 'd/b': 'B', READY: '' });
  await h.intake.rescan();
  const { caseId } = await h.until('intake.admitted', 'case');
  return Object.assign(Object.create(h) as Harness, { id: caseId, folder });
}

function dropAgain(folder: string, change: (copy: string) => void = () => {}): void {
  cpSync(folder, `${folder}.again`, { recursive: true });
  change(`${folder}.again`);
  rmSync(folder, { recursive: true });
  renameSync(`${folder}.again`, folder);
}

describe('the folder of a case', () => {
  test('that is left alone is neither read nor told again', async () => {
    const h = await withCase();
    const before = h.events.length;
    for (let n = 0; n < 5; n++) await h.intake.rescan();
    expect(h.events.slice(before).map((event) => event.event)).toEqual(Array(5).fill('intake.rescanned'));
  });

  test('that is put there again with the same content is recognised, and nothing is done', async () => {
    const h = await withCase();
    dropAgain(h.folder);
    await h.intake.rescan();
    expect(await h.until('intake.recognised', 'case')).toMatchObject({ level: 'info', caseId: h.id });
    expect(h.row('case')).toMatchObject({ state: 'admitted', caseId: h.id });
    expect(h.cases()).toHaveLength(1);
    const before = h.events.length;
    await h.intake.rescan();
    expect(h.events.slice(before)).toMatchObject([{ event: 'intake.rescanned' }]);
  });

  test('that is put there again with other content is told once, with the command to run it', async () => {
    const h = await withCase();
    dropAgain(h.folder, (copy) => writeFileSync(join(copy, 'a'), 'other'));
    await h.intake.rescan();
    const { reason } = await h.until('intake.changed', 'case');
    expect(reason).toBe(`its content changed since it was admitted: mqi cases retry ${h.id} runs it as it is now`);
    expect(h.row('case')).toMatchObject({ state: 'changed', reason, caseId: h.id });
    await h.restart();
    await h.intake.rescan();
    expect(h.all('intake.changed')).toEqual([]);
    expect(h.cases()).toMatchObject([{ id: h.id, attempt: 1 }]);
  });

  test('is not classified while it is being copied again, even with its marker in it', async () => {
    const h = await withCase({ readyMarker: 'READY' });
    rmSync(join(h.folder, 'a'));
    await h.intake.rescan();
    for (let n = 0; n < 5; n++) {
      await h.passes(SETTLE - 2);
      appendFileSync(join(h.folder, 'd/b'), 'more');
    }
    writeFileSync(join(h.folder, 'd/b'), 'B');
    writeFileSync(join(h.folder, 'a'), 'A');
    await h.until('intake.recognised', 'case');
    expect(h.all('intake.changed')).toEqual([]);
  });

  test('is noticed to have changed in a file deeper down, in its turn', async () => {
    const h = await withCase();
    appendFileSync(join(h.folder, 'd/b'), 'more');
    await h.intake.rescan();
    await h.until('intake.changed', 'case');
  });

  test('is noticed to have changed although thirty are known and it is the last of them', async () => {
    const h = await startIntake();
    const names = Array.from({ length: 30 }, (_, n) => `case-${String(n).padStart(2, '0')}`);
    for (const name of names) writeTree(join(h.root, name), { 'd/b': 'B' });
    await h.intake.rescan();
    await h.untilCount('intake.admitted', 30);
    for (const name of [names.at(-1)!, names[0]!]) {
      appendFileSync(join(h.root, name, 'd/b'), 'more');
      // each known folder has had its turn
      for (let n = 0; n < 3; n++) await h.intake.rescan();
      await h.until('intake.changed', name);
    }
    // of what is never noticed nothing tells
  }, 60_000);

  test('that changed and is changed back is recognised', async () => {
    const h = await withCase();
    writeFileSync(join(h.folder, 'a'), 'other');
    await h.intake.rescan();
    await h.until('intake.changed', 'case');
    writeFileSync(join(h.folder, 'a'), 'A');
    await h.intake.rescan();
    await h.until('intake.recognised', 'case');
    expect(h.row('case')).toMatchObject({ state: 'admitted', reason: null });
  });

  test('that was only touched is read, and recognised', async () => {
    const h = await withCase();
    utimesSync(join(h.folder, 'd/b'), new Date(0), new Date(0));
    await h.intake.rescan();
    await h.until('intake.recognised', 'case');
  });

  test('that changed into something that cannot travel is told with the reason', async () => {
    const h = await withCase();
    makeFifo(join(h.folder, 'pipe'));
    await h.intake.rescan();
    expect((await h.until('intake.changed', 'case')).reason).toMatch(/cannot be a case as it is now: "pipe": a FIFO/);
    expect(h.row('case')).toMatchObject({ state: 'changed', caseId: h.id });
  });

  test('that goes away stays a case, and so does one whose place a file takes', async () => {
    const h = await withCase();
    renameSync(h.folder, `${h.root}.away`);
    await h.intake.rescan();
    writeFileSync(h.folder, '');
    await h.intake.rescan();
    expect(h.row('case')).toMatchObject({ state: 'admitted', caseId: h.id });
    rmSync(h.folder);
    renameSync(`${h.root}.away`, h.folder);
    await h.intake.rescan();
    await h.until('intake.recognised', 'case');
  });

  test('is no news any more once a retry has taken it up as it is', async () => {
    const h = await withCase();
    writeFileSync(join(h.folder, 'a'), 'other');
    await h.intake.rescan();
    await h.until('intake.changed', 'case');
    const inspection = await h.intake.inspect(h.folder, READING);
    if (inspection.kind !== 'ready') throw new Error(inspection.kind);
    const { fingerprint } = inspection.found;
    h.store.write((tx) => tx.update(cases).set({ fingerprint }).where(eq(cases.id, h.id)).run());
    await h.intake.rescan();
    expect(h.row('case')).toMatchObject({ state: 'admitted', reason: null, caseId: h.id });
  });

  test('whose row was lost, but not its case, is not admitted twice', async () => {
    const h = await withCase();
    h.store.write((tx) => tx.run('delete from candidates'));
    await h.restart();
    await h.until('intake.recognised', 'case');
    expect(h.cases()).toHaveLength(1);
    expect(h.row('case')).toMatchObject({ state: 'admitted', caseId: h.id });
  });
});

describe('inspecting a folder, for a retry', () => {
  test('that is as it was admitted gives its content at once', async () => {
    const h = await withCase();
    const [row] = h.cases();
    const { path, name, fingerprint, files, sizeBytes } = row!;
    expect(await h.intake.inspect(h.folder, READING)).toEqual({
      kind: 'ready',
      found: { path, name, fingerprint, files, sizeBytes },
    });
  });

  test('that was written to since asks for a quiet period first', async () => {
    const h = await withCase();
    appendFileSync(join(h.folder, 'a'), 'more');
    expect(await h.intake.inspect(h.folder, READING)).toEqual({
      kind: 'settling',
      reason: 'it changed since it was read last, and has to be left alone for 4s first',
      quietMs: 4_000,
    });
    await h.until('intake.changed', 'case');
    expect(await h.intake.inspect(h.folder, READING)).toMatchObject({ kind: 'ready', found: { sizeBytes: 6 } });
    expect(readFileSync(join(h.folder, 'a'), 'utf8')).toBe('Amore');
  });

  test('that is unfinished, empty, without its marker, not admissible or gone says so', async () => {
    const h = await withCase({ readyMarker: 'READY' });
    const inspect = async (): Promise<string> => {
      const inspection = await h.intake.inspect(h.folder, READING);
      return 'reason' in inspection ? `${inspection.kind}: ${inspection.reason}` : inspection.kind;
    };
    writeFileSync(join(h.folder, 'c.part'), '');
    expect(await inspect()).toMatch(/^settling: it holds an unfinished file: "c.part"/);
    rmSync(join(h.folder, 'c.part'));
    expect(await inspect()).toBe('ready');
    makeFifo(join(h.folder, 'pipe'));
    expect(await inspect()).toMatch(/^rejected: "pipe": a FIFO/);
    rmSync(join(h.folder, 'READY'));
    expect(await inspect()).toBe('settling: waits for its marker "READY"');
    rmSync(h.folder, { recursive: true });
    writeTree(h.folder, { READY: '' });
    expect(await inspect()).toBe('settling: it is empty');
    rmSync(h.folder, { recursive: true });
    expect(await inspect()).toBe(`rejected: there is no folder ${h.folder}`);
  });
});

import { mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import fc from 'fast-check';
import { expect, test } from 'vitest';

import { isFinal } from '../../src/domain/case.ts';
import { cases } from '../../src/store/schema.ts';
import { createSite } from '../lab/site.ts';

/** NAME_MAX of every Linux file system. */
const NAME_BYTES = 255;
const FOLDERS = 30;

/** What shells, tars, globs, JSON, URLs and terminals take for something else. */
const PIECES: readonly string[] = [
  [' ', "'", '"', '`', '$', '$(touch hit)', '${HOME}', '`touch hit`', '\\', '\n', '\r', '\t', '\u0001', '\u001b[2J'],
  ['-', '--', '-rf', ';', '&', '&&', '|', '*', '?', '[a]', '{a,b}', '!', '#', '~', '%', '%s', '%00', '=', ':', '@'],
  ['<', '>', '(', ')', '..', '...', '.', ',', 'ä', 'é', 'e\u0301', '京', 'ע', '\u200f', '🧠', '👩‍🚀', '\u00a0', '\ufeff'],
  ['a', 'Z', '0', 'case', 'output', 'inputs', 'manifest', 'manifest.json', 'claim', 'end', 'stdout', 'attempt-1'],
].flat();

/** Names that have a meaning of their own somewhere on the way. */
const CHOSEN: readonly string[] = [
  ['-rf', '--help', ' ', '...', '.hidden', '.staging', '~', '$(touch hit)', '`touch hit`', "'", '"', '\\', '*'],
  ['a\nb', '\n', 'ends in newline\n', '\ttab', 'C:\\x', '%2e%2e', '🧠', 'x'.repeat(NAME_BYTES), '€'.repeat(85)],
].flat();

const name = fc
  .array(
    fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...PIECES) }, fc.string({ unit: 'grapheme', maxLength: 6 })),
    {
      minLength: 1,
      maxLength: 12,
    },
  )
  .map((pieces) => pieces.join('').replaceAll(/[/\0]/g, '').toWellFormed())
  .filter((text) => text !== '' && text !== '.' && text !== '..' && Buffer.byteLength(text) <= NAME_BYTES);

/** Inside a case a leading dot is nothing special; a folder that hides is no case (intake/names). */
const isVisible = (text: string): boolean => !text.startsWith('.');

const file = fc.record({
  path: fc.array(name, { minLength: 1, maxLength: 3 }),
  content: fc.uint8Array({ maxLength: 3_000 }),
});

const folder = fc.record({ name: name.filter(isVisible), files: fc.array(file, { minLength: 1, maxLength: 5 }) });

const folders = fc.uniqueArray(folder, {
  minLength: FOLDERS,
  maxLength: FOLDERS,
  selector: (one) => one.name,
});

interface Folder {
  readonly name: string;
  readonly files: readonly { readonly path: readonly string[]; readonly content: Uint8Array }[];
}

/** Where two paths cannot both be (one is a folder of the other), the first stays. */
function write(folder: string, files: Folder['files']): void {
  for (const { path, content } of files) {
    const target = join(folder, ...path);
    try {
      mkdirSync(dirname(target), { recursive: true });
      writeFileSync(target, content, { flag: 'wx' });
    } catch (error) {
      if (!['EEXIST', 'ENOTDIR', 'EISDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    }
  }
}

/** Content by path, for every file below a folder. */
function contentOf(folder: string): Map<string, string> {
  const found = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    found
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [path.slice(folder.length + 1), readFileSync(path).toString('base64')]),
  );
}

test('folders and files of any name that a file system allows travel the whole path unharmed, byte for byte', async () => {
  const run = async (generated: readonly Folder[]): Promise<void> => {
    const known = new Set(CHOSEN);
    const chosen = CHOSEN.filter(isVisible).map((word) => ({
      name: word,
      files: CHOSEN.map((path) => ({ path: [path], content: Buffer.from(word) })),
    }));
    const all: readonly Folder[] = [...chosen, ...generated.filter((one) => !known.has(one.name))];
    const site = createSite({
      slots: 4,
      job: {
        command:
          'mkdir output && cp -R {inputs}/. "{inputs}/." output && printf %s {case} > name && printf %s "{case}" > again',
        collect: ['output/**', 'name', 'again'],
      },
    });
    // a name with a tilde, or one that ends as unfinished files do, is as good as any other where nobody says otherwise
    site.configure({ watch: { path: site.watch, quiet_period: '200ms', rescan_every: '1s', ignore: [] } });
    const daemon = site.start();
    await site.until('online', () => daemon.log().includes('is online'));

    const hidden = mkdtempSync(join(site.folder, 'hidden-'));
    for (const [index, folder] of all.entries()) {
      mkdirSync(join(hidden, String(index)));
      write(join(hidden, String(index)), folder.files);
    }
    for (const [index, folder] of all.entries()) renameSync(join(hidden, String(index)), join(site.watch, folder.name));

    let over = 0;
    while (over < all.length) {
      const before = over;
      over = await site.until(`${before} of ${all.length} cases are over, and one more`, (from) => {
        const done = from.db
          .select({ state: cases.state })
          .from(cases)
          .all()
          .filter(({ state }) => isFinal(state)).length;
        return done > before ? done : null;
      });
    }
    const rows = site.reader((from) => from.db.select().from(cases).all());
    expect(rows.filter((row) => row.state !== 'completed').map((row) => [row.name, row.failure])).toEqual([]);
    expect(rows.map((row) => row.name).sort()).toEqual(all.map((folder) => folder.name).sort());
    for (const folder of all) {
      const results = join(site.results, folder.name, 'attempt-1');
      expect(contentOf(join(results, 'output')), JSON.stringify(folder.name)).toEqual(
        contentOf(join(site.watch, folder.name)),
      );
      for (const said of ['name', 'again']) expect(readFileSync(join(results, said), 'utf8')).toBe(folder.name);
    }
    expect(rows).toHaveLength(all.length);
  };
  // one run of many folders; to make one smaller would take as long as the whole again
  await fc.assert(fc.asyncProperty(folders, run), { numRuns: 1, endOnFailure: true });
});

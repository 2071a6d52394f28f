import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { manifestText } from '../../src/domain/manifest.ts';
import type { Manifest, ManifestEntry } from '../../src/domain/manifest.ts';

const path = fc.string({ minLength: 1, maxLength: 12, unit: 'grapheme' });
const entry: fc.Arbitrary<ManifestEntry> = fc.record({
  path,
  sizeBytes: fc.nat(),
  sha256: fc.stringMatching(/^[0-9a-f]{64}$/),
  executable: fc.boolean(),
});
const manifest: fc.Arbitrary<Manifest> = fc.record({
  entries: fc.uniqueArray(entry, { selector: (one) => one.path, maxLength: 8 }),
  emptyDirectories: fc.uniqueArray(path, { maxLength: 4 }),
});
const sorted = ({ entries, emptyDirectories }: Manifest): string =>
  JSON.stringify([
    entries.map((one) => JSON.stringify([one.path, one.sizeBytes, one.sha256, one.executable])).toSorted(),
    emptyDirectories.toSorted(),
  ]);

test('the text is the same whatever order the folder was read in', () => {
  const read = manifest.chain((made) =>
    fc.record({
      made: fc.constant(made),
      shuffled: fc.record({
        entries: fc.shuffledSubarray([...made.entries], { minLength: made.entries.length }),
        emptyDirectories: fc.shuffledSubarray([...made.emptyDirectories], { minLength: made.emptyDirectories.length }),
      }),
    }),
  );
  fc.assert(
    fc.property(read, ({ made, shuffled }) => {
      expect(manifestText(shuffled)).toBe(manifestText(made));
    }),
  );
});

test('two folders have one text only if they hold the same', () => {
  fc.assert(
    fc.property(manifest, manifest, (one, two) => {
      expect(manifestText(one) === manifestText(two)).toBe(sorted(one) === sorted(two));
    }),
  );
});

test('one changed byte, size or permission changes the text', () => {
  const file: ManifestEntry = { path: 'beam.json', sizeBytes: 3, sha256: 'ab', executable: false };
  const text = (change: Partial<ManifestEntry>): string =>
    manifestText({ entries: [{ ...file, ...change }], emptyDirectories: [] });
  const texts = [{}, { path: 'Beam.json' }, { sizeBytes: 4 }, { sha256: 'ac' }, { executable: true }].map(text);
  expect(new Set(texts).size).toBe(texts.length);
});

test('a line is one entry, ordered by path, whatever characters a name holds', () => {
  const file = (name: string): ManifestEntry => ({ path: name, sizeBytes: 1, sha256: '00', executable: false });
  const text = manifestText({ entries: [file('b\n"c'), file('a/ä')], emptyDirectories: ['z', 'x'] });
  expect(text.split('\n')).toEqual([
    '["f","a/ä",1,"00",false]',
    String.raw`["f","b\n\"c",1,"00",false]`,
    '["d","x"]',
    '["d","z"]',
    '',
  ]);
});

test('making the text leaves the manifest as it was', () => {
  const made: Manifest = { entries: [], emptyDirectories: ['b', 'a'] };
  expect(manifestText(made)).toBe('["d","a"]\n["d","b"]\n');
  expect(made.emptyDirectories).toEqual(['b', 'a']);
  expect(manifestText({ entries: [], emptyDirectories: [] })).toBe('');
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { FAILURE_KINDS } from '../../src/domain/failure.ts';

const text = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'failures.md'), 'utf8');
const chapters = text.split(/^## /m).slice(1);

test('docs/failures.md has one heading a failure kind, and no other', () => {
  expect(chapters.map((chapter) => chapter.split('\n')[0])).toEqual([...FAILURE_KINDS]);
});

test.each(chapters.map((chapter) => [chapter.split('\n')[0]!, chapter] as const))(
  '%s says what happened, what the daemon did and what to do, with a command',
  (_, chapter) => {
    for (const part of ['**What happened.**', '**What the daemon did.**', '**What to do.**'])
      expect(chapter).toContain(part);
    expect(chapter.split('**What to do.**')[1]).toMatch(/`mqi [a-z]+/);
  },
);

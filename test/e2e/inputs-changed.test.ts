import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { candidates } from '../../src/store/schema.ts';
import { createGate } from '../lab/gate.ts';
import { createSite } from '../lab/site.ts';
import type { Site } from '../lab/site.ts';

const COPIES = 'mkdir -p output && cp inputs/data output/data';

/** More than a pipe holds: while nobody reads, what comes after it has not been read from the folder either. */
const LARGE = 'x'.repeat(1024 * 1024);

/** A folder that was written to a moment ago is refused, with the reason, until it has been quiet. */
async function retryWhenQuiet(site: Site, caseId: string): Promise<{ readonly message: string }> {
  for (let tries = 0; ; tries += 1) {
    const order = await site.order({ kind: 'retry', caseId, limitMs: null });
    if (order.outcome === 'done') return order;
    expect(order.message).toContain('its folder cannot be taken');
    expect(tries).toBeLessThan(50);
  }
}

test('a folder that changes during its upload fails (inputs_changed) without a job; a retry runs it as it is then', async () => {
  const site = createSite();
  const gate = createGate(site.folder, 'tar', '[ "$1" = -x ]');
  const files = { 'a-large': LARGE, data: LARGE };
  const folder = site.drop('case', site.counting('case', COPIES), files);
  site.start({ env: gate.env });
  await site.until('its files are about to travel', () => gate.wasReached());
  // of the same size: only its content tells
  const changed = LARGE.replaceAll('x', 'y');
  writeFileSync(join(folder, 'data'), changed);
  gate.open();
  const failed = await site.final('case');
  expect(failed.failure).toMatchObject({ kind: 'inputs_changed', message: expect.stringContaining('data') });
  expect(failed.failure?.hint).toContain(`mqi cases retry ${failed.id}`);
  expect(site.runs('case')).toBe(0);
  expect(site.attempts('case')[0]).toMatchObject({ proof: 'never_created', slot: null });
  expect(site.slots()).toMatchObject([{ state: 'free' }]);
  expect(readFileSync(join(folder, 'data'), 'utf8') === changed).toBe(true);

  const retried = await retryWhenQuiet(site, failed.id);
  expect(retried.message).toContain('with the folder as it is now');
  await site.until('the retry is over', () => site.caseOf('case').state === 'completed');
  expect(readFileSync(join(site.results, 'case', 'attempt-2', 'output', 'data'), 'utf8') === changed).toBe(true);
  expect(site.runs('case')).toBe(1);
});

test.each([
  ['a file vanishes', (folder: string) => rmSync(join(folder, 'data'))],
  ['a file appears', (folder: string) => writeFileSync(join(folder, 'zzz'), 'new')],
  ['a file grows', (folder: string) => appendFileSync(join(folder, 'data'), '.')],
])('%s during the upload: failed (inputs_changed), and no job', async (_, change) => {
  const site = createSite();
  const gate = createGate(site.folder, 'tar', '[ "$1" = -x ]');
  const folder = site.drop('case', site.counting('case', COPIES), { 'a-large': LARGE, data: 'before' });
  site.start({ env: gate.env });
  await site.until('its files are about to travel', () => gate.wasReached());
  change(folder);
  gate.open();
  expect((await site.final('case')).failure).toMatchObject({ kind: 'inputs_changed' });
  expect(site.runs('case')).toBe(0);
});

test('a completed case whose folder has changed since runs again, by an order alone, as it is now', async () => {
  const site = createSite();
  const folder = site.drop('case', site.counting('case', COPIES), { data: 'before' });
  site.start();
  const first = await site.final('case');
  expect(first.state).toBe('completed');
  writeFileSync(join(folder, 'data'), 'after!');
  const { reason } = await site.until('the change is noticed', (from) =>
    from.db
      .select()
      .from(candidates)
      .all()
      .find((row) => row.state === 'changed'),
  );
  expect(reason).toContain(`mqi cases retry ${first.id}`);
  expect(site.caseOf('case')).toMatchObject({ state: 'completed', attempt: 1 });

  expect(await site.order({ kind: 'retry', caseId: first.id, limitMs: null })).toMatchObject({
    outcome: 'done',
    message: expect.stringContaining('with the folder as it is now'),
  });
  await site.until('the second attempt is over', () => {
    const { state, attempt } = site.caseOf('case');
    return state === 'completed' && attempt === 2;
  });
  const dataOf = (attempt: number): string =>
    readFileSync(join(site.results, 'case', `attempt-${attempt}`, 'output', 'data'), 'utf8');
  expect([dataOf(1), dataOf(2)]).toEqual(['before', 'after!']);
  expect(site.runs('case')).toBe(2);
});

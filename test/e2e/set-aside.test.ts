import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import Sqlite from 'better-sqlite3';
import { expect, test } from 'vitest';

import { CONTEXT_VERSION } from '../../machines/index.ts';
import { createSite } from '../lab/site.ts';
import type { Daemon, Site } from '../lab/site.ts';

const COPIES = 'mkdir -p output && cp inputs/data output/data';
const SNAPSHOTS = new URL('../fixtures/snapshots/', import.meta.url);

interface Persisted {
  readonly context: Readonly<Record<string, unknown>>;
}

async function killed(daemon: Daemon): Promise<void> {
  daemon.kill('SIGKILL');
  await daemon.exited;
}

/** Between two daemons: what an older version, or a broken disk, left in the row of a case. */
function writeSnapshot(site: Site, name: string, change: (snapshot: Persisted) => string): void {
  const { id, snapshot } = site.caseOf(name);
  const sqlite = new Sqlite(site.database);
  const changed = change(snapshot === 'null' ? { context: {} } : (JSON.parse(snapshot) as Persisted));
  sqlite.prepare('update cases set snapshot = ? where id = ?').run(changed, id);
  sqlite.close();
}

/** The committed snapshot of a phase as version 1 wrote it, with this case's own names in it. */
function committed(phase: string): (snapshot: Persisted) => string {
  const text = readFileSync(new URL(`case.v1.${phase}.json`, SNAPSHOTS), 'utf8');
  const fixture = JSON.parse(text) as Persisted;
  return ({ context }) => {
    const { caseId, token, host, slot, job, limitMs } = context;
    return JSON.stringify({ ...fixture, context: { ...fixture.context, caseId, token, host, slot, job, limitMs } });
  };
}

const waits = (site: Site): string => `until [ -e '${site.folder}/go' ]; do sleep 0.05; done; ${COPIES}`;

test('snapshots that version 1 wrote are taken up by the daemon: each case goes on from where it was, and runs once', async () => {
  const site = createSite();
  site.drop('runs', site.counting('runs', waits(site)), { data: 'a' });
  const first = site.start();
  await site.in('runs', 'executing');
  site.drop('next', site.counting('next', COPIES), { data: 'b' });
  await site.in('next', 'staged');
  site.drop('last', site.counting('last', COPIES), { data: 'c' });
  await site.in('last', 'waiting');
  await killed(first);
  writeSnapshot(site, 'runs', committed('executing'));
  writeSnapshot(site, 'next', committed('staged'));
  writeSnapshot(site, 'last', committed('waiting'));

  site.start();
  writeFileSync(join(site.folder, 'go'), '');
  for (const name of ['runs', 'next', 'last']) {
    expect((await site.final(name)).state).toBe('completed');
    expect(site.runs(name)).toBe(1);
  }
});

/** What is wrong with a snapshot, by the name of the case that has it. */
const SPOILT: Readonly<Record<string, (snapshot: Persisted) => string>> = {
  'cut short': (snapshot) => JSON.stringify(snapshot).slice(0, 90),
  'of a later version': ({ context, ...rest }) =>
    JSON.stringify({ ...rest, context: { ...context, version: CONTEXT_VERSION + 1 } }),
  'in an unknown state': (snapshot) => JSON.stringify({ ...snapshot, value: { running: 'dreaming' } }),
};

test('a snapshot that cannot be read sets its case aside by name; its slot is kept, and the daemon goes on with the others', async () => {
  const names = Object.keys(SPOILT);
  const site = createSite({ slots: names.length + 1 });
  for (const name of [...names, 'whole']) site.drop(name, site.counting(name, waits(site)), { data: name });
  const first = site.start();
  for (const name of [...names, 'whole']) await site.in(name, 'executing');
  await killed(first);
  for (const [name, spoil] of Object.entries(SPOILT)) writeSnapshot(site, name, spoil);

  const second = site.start();
  await site.until('they are set aside', () => names.every((name) => site.caseOf(name).setAside !== null));
  const kept = names.map((name) => site.caseOf(name));
  for (const { name, slot } of kept) {
    await second.says(`case ${name} is set aside: its state cannot be read; its slot here/${slot} stays`);
    expect((await site.mqi('why', name)).out).toContain('set aside');
  }

  writeFileSync(join(site.folder, 'go'), '');
  site.drop('later', site.counting('later', COPIES), { data: 'c' });
  for (const name of ['whole', 'later']) {
    expect((await site.final(name)).state).toBe('completed');
    expect(site.runs(name)).toBe(1);
    expect(kept.map((row) => row.slot)).not.toContain(site.attempts(name)[0]!.slot);
  }
  for (const { id, name, slot } of kept) {
    expect(site.slots().find((one) => one.name === slot)).toMatchObject({ state: 'leased', caseId: id });
    expect(site.caseOf(name)).toMatchObject({ phase: 'executing', failure: null });
  }

  // the way out: a version that can read it, or an operator who gives it up
  for (const { id, name } of kept) {
    expect(await site.order({ kind: 'retry', caseId: id, limitMs: null })).toMatchObject({
      outcome: 'refused',
      message: expect.stringContaining(`mqi cases abandon ${id}`),
    });
    expect(await site.order({ kind: 'abandon', caseId: id })).toMatchObject({ outcome: 'done' });
    expect((await site.final(name)).failure).toMatchObject({ kind: 'abandoned' });
  }
  await site.until('the slots are free, once their jobs are proven gone', () =>
    site.slots().every((slot) => slot.state === 'free'),
  );
  for (const name of names) expect(site.runs(name)).toBe(1);
});

test('one that a later start can read again is taken up where it was', async () => {
  const site = createSite();
  site.drop('case', site.counting('case', waits(site)), { data: 'dose' });
  const first = site.start();
  const { snapshot } = await site.in('case', 'executing');
  await killed(first);
  writeSnapshot(site, 'case', () => 'null');
  const second = site.start();
  await site.until('it is set aside', () => site.caseOf('case').setAside !== null);
  await killed(second);
  writeSnapshot(site, 'case', () => snapshot);
  site.start();
  writeFileSync(join(site.folder, 'go'), '');
  expect((await site.final('case')).state).toBe('completed');
  expect(site.runs('case')).toBe(1);
});

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import Sqlite from 'better-sqlite3';
import { expect, test } from 'vitest';

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
  sqlite.prepare('update cases set snapshot = ? where id = ?').run(change(JSON.parse(snapshot) as Persisted), id);
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

const GARBAGE: readonly (readonly [string, (snapshot: Persisted) => string])[] = [
  ['cut short', (snapshot) => JSON.stringify(snapshot).slice(0, 90)],
  ['of a later version', ({ context, ...rest }) => JSON.stringify({ ...rest, context: { ...context, version: 2 } })],
  [
    'in a state that this version does not know',
    (snapshot) => JSON.stringify({ ...snapshot, value: { running: 'dreaming' } }),
  ],
];

test.each(GARBAGE)(
  'a snapshot %s sets its case aside by name; its slot is kept, and the daemon goes on with the others',
  async (_, spoil) => {
    const site = createSite({ slots: 2 });
    site.drop('broken', site.counting('broken', waits(site)), { data: 'a' });
    site.drop('whole', site.counting('whole', waits(site)), { data: 'b' });
    const first = site.start();
    await site.in('broken', 'executing');
    await site.in('whole', 'executing');
    await killed(first);
    writeSnapshot(site, 'broken', spoil);

    const second = site.start();
    const { setAside, slot, id } = await site.until('it is set aside', () => {
      const row = site.caseOf('broken');
      return row.setAside === null ? null : row;
    });
    expect(setAside).not.toBe('');
    expect(second.log()).toContain('case broken is set aside');
    expect(second.log()).toContain(`its slot here/${slot} stays leased`);
    expect((await site.mqi('why', 'broken')).out).toContain('set aside');

    writeFileSync(join(site.folder, 'go'), '');
    site.drop('later', site.counting('later', COPIES), { data: 'c' });
    for (const name of ['whole', 'later']) {
      expect((await site.final(name)).state).toBe('completed');
      expect(site.runs(name)).toBe(1);
      expect(site.attempts(name)[0]!.slot).not.toBe(slot);
    }
    expect(site.slots().find((one) => one.name === slot)).toMatchObject({ state: 'leased', caseId: id });
    expect(site.caseOf('broken').phase).toBe('executing');
    await killed(second);

    // the way out: a version that can read it, or an operator who gives it up
    site.start();
    await site.until('it is set aside again', () => site.caseOf('broken').setAside === setAside);
    expect(await site.order({ kind: 'retry', caseId: id, limitMs: null })).toMatchObject({
      outcome: 'refused',
      message: expect.stringContaining(`mqi cases abandon ${id}`),
    });
    expect(await site.order({ kind: 'abandon', caseId: id })).toMatchObject({ outcome: 'done' });
    expect((await site.final('broken')).failure).toMatchObject({ kind: 'abandoned' });
    await site.until('its slot is free, once its job is proven gone', () =>
      site.slots().every((one) => one.state === 'free'),
    );
    expect(site.runs('broken')).toBe(1);
  },
);

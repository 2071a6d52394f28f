import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { standBefore } from '../lab/gate.ts';
import { createSite } from '../lab/site.ts';
import type { Daemon, Site } from '../lab/site.ts';
import { canMount, createSmallDisk } from '../lab/small-disk.ts';
import { createDoors } from '../partition/doors.ts';
import type { Door } from '../partition/doors.ts';

/** What a case is at when the disk fills up; also its name. */
const MOMENTS = ['arrival', 'upload', 'create', 'run', 'collect'] as const;
type Moment = (typeof MOMENTS)[number];

/** More than what is left when a page or two are given back. */
const DATA = 'dose '.repeat(40_000);

interface Disk {
  readonly name: string;
  readonly folderOf: (site: Site) => string;
  /** Resolves when everybody who needs the disk has met that it is full. */
  readonly isMet: (site: Site, daemon: Daemon) => Promise<unknown>;
  /** Those that need the disk to be brought on from where they are. */
  readonly stuck: readonly Moment[];
}

const blocked = (site: Site, name: Moment): Promise<string> =>
  site.until(`${name} is blocked`, () => {
    const said = site.find(name)?.blocked ?? '';
    return said.includes('full') ? said : null;
  });

const DISKS: readonly Disk[] = [
  {
    name: 'the database',
    folderOf: (site) => dirname(site.database),
    async isMet(site, daemon) {
      await site.until('it is told', () => daemon.log().includes(`the disk of ${site.database} is full`));
    },
    stuck: MOMENTS,
  },
  {
    name: 'the results',
    folderOf: (site) => site.results,
    isMet: (site) => blocked(site, 'collect'),
    stuck: ['collect'],
  },
  {
    name: 'the host',
    folderOf: (site) => site.root,
    isMet: (site) => Promise.all([blocked(site, 'upload'), blocked(site, 'create')]),
    stuck: ['upload', 'create', 'run'],
  },
];

describe.skipIf(!canMount)('a disk that fills up while cases stand in five moments (needs root and mount)', () => {
  test.each(DISKS)(
    'under $name: all of them complete when there is room, and each job runs once',
    async ({ folderOf, isMet, stuck }) => {
      const site = createSite({ slots: 3, deadlineMs: 90_000 });
      const disk = createSmallDisk(folderOf(site), '16m');
      const doors = createDoors(site.folder);
      const bin = join(site.folder, 'bin');
      standBefore(bin, 'mv', doors.mv);
      const daemon = site.start({ env: standBefore(bin, 'tar', doors.tar) });
      const go = join(site.folder, 'go');
      const drop = (name: Moment, first = ''): void =>
        void site.drop(name, site.counting(name, `${first}\nmkdir -p output && cp inputs/data output/data`), {
          data: DATA,
        });
      const held = async (door: Door): Promise<void> => {
        doors.shut(door);
        drop(door as Moment);
        await site.until(`one is held at ${door}`, () => doors.isReached(door));
      };
      await held('collect');
      drop('run', `until [ -e '${go}' ]; do sleep 0.05; done`);
      await site.in('run', 'executing');
      await held('create');
      await held('upload');

      const makeRoom = disk.fill();
      drop('arrival');
      doors.openAll();
      await isMet(site, daemon);
      for (const name of stuck) expect(site.find(name)?.state).not.toBe('completed');
      expect(daemon.child.exitCode).toBe(null);

      makeRoom();
      writeFileSync(go, '');
      for (const name of MOMENTS) {
        expect(await site.final(name)).toMatchObject({ state: 'completed', failure: null, attempt: 1 });
        expect(site.runs(name)).toBe(1);
        const results = join(site.results, name, 'attempt-1', 'output', 'data');
        expect(existsSync(results) && readFileSync(results, 'utf8') === DATA).toBe(true);
      }
      await site.until('every slot is free', () => site.slots().every((slot) => slot.state === 'free'));
    },
  );
});

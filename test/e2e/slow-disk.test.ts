import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { hosts } from '../../src/store/schema.ts';
import { canHang, mountHangingDisk } from '../lab/hanging-disk.ts';
import { createSite } from '../lab/site.ts';
import type { Site } from '../lab/site.ts';

const waitFor = (go: string): string =>
  `while [ ! -e '${go}' ]; do sleep 0.1; done; mkdir -p output; cat inputs/data > output/d`;

const stateOfHosts = (site: Site): readonly (readonly [string, string | null])[] =>
  site.reader(({ db }) => db.select().from(hosts).all()).map(({ state, reason }) => [state, reason] as const);

test.skipIf(!canHang)(
  'a disk here that does not answer during an upload is the trouble of that case; its host stays online, and others go on',
  async () => {
    const site = createSite({ slots: 2, host: { stage_ahead: 1, stall_after: '2s' } });
    const source = join(site.folder, 'source');
    mkdirSync(source);
    const disk = await mountHangingDisk(source, site.watch);
    const daemon = site.start();
    await daemon.says('is online');
    const drop = (name: string, script: string): void => {
      const hidden = join(site.folder, `.${name}`);
      mkdirSync(hidden);
      writeFileSync(join(hidden, 'run.sh'), script);
      writeFileSync(join(hidden, 'data'), name);
      renameSync(hidden, join(source, name));
    };
    const [one, two] = [join(site.folder, 'one'), join(site.folder, 'two')];
    drop('first', waitFor(one));
    drop('second', waitFor(two));
    await site.in('first', 'executing');
    await site.in('second', 'executing');
    // takes the one place of those that wait for a slot
    drop('ahead', 'true');
    await site.in('ahead', 'staged');
    drop('slow', waitFor(one));
    await site.in('slow', 'waiting');

    disk.hang();
    mkdirSync(one);
    expect((await site.final('first')).state).toBe('completed');
    const reason = await site.until('it is blocked', () => site.find('slow')?.blocked ?? null);
    expect(reason).toContain(`the disk of ${join(site.watch, 'slow')} has not answered for 2 s`);
    // nobody else has noticed
    expect(stateOfHosts(site)).toEqual([['online', null]]);
    expect((await site.mqi('why', 'slow')).out).toContain('has not answered for 2 s');
    mkdirSync(two);
    expect((await site.final('second')).state).toBe('completed');

    disk.goOn();
    expect((await site.final('slow')).state).toBe('completed');
    expect(readFileSync(join(site.results, 'slow', 'attempt-1', 'output', 'd'), 'utf8')).toBe('slow');
    expect(daemon.log()).not.toContain('is unreachable');
  },
);

test.skipIf(!canHang)(
  'a results folder that does not answer keeps back the results alone: slots are given on, and the host stays online',
  async () => {
    const site = createSite({ slots: 1, host: { stall_after: '2s' } });
    const source = join(site.folder, 'source');
    mkdirSync(source);
    mkdirSync(site.results);
    const disk = await mountHangingDisk(source, site.results);
    const daemon = site.start();
    await daemon.says('is online');
    const go = join(site.folder, 'go');
    site.drop('first', waitFor(go), { data: 'first' });
    await site.in('first', 'executing');
    disk.hang();
    mkdirSync(go);
    const reason = await site.until('it is blocked', () => site.find('first')?.blocked ?? null);
    expect(reason).toContain(`the disk of ${site.results} has not answered for 2 s`);
    site.drop('second', 'mkdir output; cat inputs/data > output/d', { data: 'second' });
    await site.in('second', 'collecting');
    expect(stateOfHosts(site)).toEqual([['online', null]]);

    disk.goOn();
    for (const name of ['first', 'second']) {
      expect((await site.final(name)).state).toBe('completed');
      expect(readFileSync(join(site.results, name, 'attempt-1', 'output', 'd'), 'utf8')).toBe(name);
      expect(site.claimedByJob()).toHaveLength(2);
    }
    expect(daemon.log()).not.toContain('is unreachable');
  },
);

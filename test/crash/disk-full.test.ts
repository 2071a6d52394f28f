import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { createSite } from '../lab/site.ts';
import type { Site } from '../lab/site.ts';
import { canMount, createSmallDisk } from '../lab/small-disk.ts';

const COPIES = 'mkdir -p output && cp inputs/data output/data';
const MEGABYTE = 'x'.repeat(1024 * 1024);

const resultOf = (site: Site, name: string): string =>
  readFileSync(join(site.results, name, 'attempt-1', 'output', 'data'), 'utf8');

const blocked = (site: Site, name: string, reason: RegExp): Promise<string> =>
  site.until(`${name} is blocked`, () => {
    const said = site.find(name)?.blocked ?? '';
    return reason.test(said) ? said : null;
  });

describe.skipIf(!canMount)('a full disk (needs root and mount)', () => {
  test('under the database: the daemon says so and goes on when there is room; no case is lost, and none runs twice', async () => {
    const site = createSite();
    const disk = createSmallDisk(dirname(site.database), '8m');
    const go = join(site.folder, 'go');
    site.drop('running', site.counting('running', `until [ -e '${go}' ]; do sleep 0.05; done; ${COPIES}`), {
      data: 'a',
    });
    const daemon = site.start();
    await site.in('running', 'executing');
    site.drop('staged', site.counting('staged', COPIES), { data: 'b' });
    await site.in('staged', 'staged');

    const makeRoom = disk.fill();
    // it ends, a case arrives, and nothing of that can be written down
    writeFileSync(go, '');
    site.drop('arrives', site.counting('arrives', COPIES), { data: 'c' });
    await site.until('it is told', () => daemon.log().includes(`the disk of ${site.database} is full`));
    await daemon.says('the database cannot be written');
    expect(daemon.child.exitCode).toBe(null);
    makeRoom();
    for (const [name, data] of [
      ['running', 'a'],
      ['staged', 'b'],
      ['arrives', 'c'],
    ] as const) {
      expect((await site.final(name)).state).toBe('completed');
      expect(resultOf(site, name)).toBe(data);
      expect(site.runs(name)).toBe(1);
    }
    await daemon.says('over: the database cannot be written');
  });

  test('under the database, and a crash: a start says what to do, and the next one with room takes everything up', async () => {
    const site = createSite();
    const disk = createSmallDisk(dirname(site.database), '8m');
    const go = join(site.folder, 'go');
    site.drop('case', site.counting('case', `until [ -e '${go}' ]; do sleep 0.05; done; ${COPIES}`), { data: 'a' });
    const first = site.start();
    await site.in('case', 'executing');
    const makeRoom = disk.fill();
    writeFileSync(go, '');
    await site.until('it is told', () => first.log().includes(`the disk of ${site.database} is full`));
    first.kill('SIGKILL');
    await first.exited;

    const second = site.start();
    expect((await second.exited).code).toBe(1);
    await second.says(`the disk of ${site.database} is full`);
    await second.says('make room, then start again');
    makeRoom();
    site.start();
    expect((await site.final('case')).state).toBe('completed');
    expect(site.runs('case')).toBe(1);
  });

  test('under the results: collecting is blocked with the reason, the slot works for others, and it goes on when there is room', async () => {
    const site = createSite();
    const disk = createSmallDisk(site.results, '1m');
    site.drop('large', site.counting('large', COPIES), { data: MEGABYTE });
    site.start();
    expect(await blocked(site, 'large', /is full/)).toContain(site.results);
    expect(site.caseOf('large').phase).toBe('collecting');
    expect((await site.mqi('why', 'large')).out).toContain('is full');
    site.drop('small', site.counting('small', COPIES), { data: 'small' });
    expect((await site.final('small')).state).toBe('completed');
    expect(site.caseOf('large').phase).toBe('collecting');
    expect(existsSync(join(site.results, 'large'))).toBe(false);
    disk.resize('4m');
    expect((await site.final('large')).state).toBe('completed');
    expect(resultOf(site, 'large') === MEGABYTE).toBe(true);
    expect(site.runs('large')).toBe(1);
  });

  test('under the staging area: the upload is blocked with the reason, costs no try, and goes on when there is room', async () => {
    const site = createSite();
    const disk = createSmallDisk(site.root, '1m');
    site.drop('large', site.counting('large', COPIES), { data: MEGABYTE });
    site.start();
    expect(await blocked(site, 'large', /needs 1\.0 MiB.*free some space there/)).toContain(`${site.root}/staging`);
    expect(site.caseOf('large').phase).toBe('staging');
    disk.resize('8m');
    expect((await site.final('large')).state).toBe('completed');
    expect(resultOf(site, 'large') === MEGABYTE).toBe(true);
    expect(site.runs('large')).toBe(1);
    expect(JSON.parse(site.caseOf('large').snapshot)).toMatchObject({ context: { uploadTries: 0 } });
  });

  test('too small for one case: that one is blocked by name, a running job and other cases do not feel it', async () => {
    const site = createSite({ slots: 2 });
    createSmallDisk(site.root, '12m');
    const go = join(site.folder, 'go');
    site.drop('running', site.counting('running', `until [ -e '${go}' ]; do sleep 0.05; done; ${COPIES}`), {
      data: MEGABYTE,
    });
    site.start();
    await site.in('running', 'executing');
    site.drop('giant', site.counting('giant', COPIES), { data: MEGABYTE.repeat(40) });
    expect(await blocked(site, 'giant', /needs 40\.0 MiB/)).toMatch(
      /staging on the host, and \S+ MiB of 12\.0 MiB are free/,
    );
    expect((await site.mqi('why', 'giant')).out).toContain('needs 40.0 MiB');
    site.drop('small', site.counting('small', COPIES), { data: 'small' });
    expect((await site.final('small')).state).toBe('completed');
    writeFileSync(go, '');
    expect((await site.final('running')).state).toBe('completed');
    expect(resultOf(site, 'running') === MEGABYTE).toBe(true);
    expect([site.runs('running'), site.runs('giant'), site.caseOf('giant').phase]).toEqual([1, 0, 'staging']);
    await site.mqi('cases', 'cancel', 'giant', '--why', 'too big');
    expect((await site.final('giant')).failure).toMatchObject({ kind: 'cancelled' });
  });

  test('half filled by a case that is cancelled on its way: the room is there again long before the next sweep', async () => {
    const site = createSite();
    createSmallDisk(site.root, '12m');
    const staging = join(site.root, 'staging');
    // a disk so slow that the upload is seen at work; it ends with its input
    const programs = join(site.folder, 'bin');
    mkdirSync(programs);
    const slow = 'while [ "$(head -c 65536 | tee /dev/fd/3 | wc -c)" -gt 0 ]; do sleep 0.05; done';
    writeFileSync(join(programs, 'tar'), `#!/bin/sh\n{ ${slow}; } 3>&1 | exec /usr/bin/tar "$@"\n`, { mode: 0o755 });
    const freeBytes = (): number => statfsSync(site.root).bavail * statfsSync(site.root).bsize;
    site.drop('giant', site.counting('giant', COPIES), { data: MEGABYTE.repeat(9) });
    site.start({ env: { PATH: `${programs}:${process.env['PATH']!}` } });
    await site.until('some of it has arrived', () => existsSync(staging) && freeBytes() < 10 * 2 ** 20);
    await site.mqi('cases', 'cancel', 'giant', '--why', 'too big');
    expect((await site.final('giant')).failure).toMatchObject({ kind: 'cancelled' });
    const isFree = (): boolean => freeBytes() > 11.5 * 2 ** 20 && readdirSync(staging).length === 0;
    await site.until('its room is free again', isFree);
  });

  test('under a running job: its failure is decided only when its end could be written, and it ran once', async () => {
    const site = createSite();
    const disk = createSmallDisk(site.root, '1m');
    const fills = `mkdir output; dd if=/dev/zero of=output/data bs=4096; echo $? > '${site.folder}/ended'; exit 7`;
    site.drop('case', site.counting('case', fills));
    site.start();
    await site.until('its command has ended', () => existsSync(join(site.folder, 'ended')));
    await site.until('it is seen at work', () => site.caseOf('case').phase === 'executing');
    disk.resize('8m');
    expect((await site.final('case')).failure).toMatchObject({ kind: 'job_failed', exitCode: 7 });
    expect(site.runs('case')).toBe(1);
    expect(site.slots()).toMatchObject([{ state: 'free' }]);
  });

  test('a results folder that became read-only: collecting is blocked with the reason, and goes on when it is writable', async () => {
    const site = createSite();
    const disk = createSmallDisk(site.results, '1m');
    disk.setReadOnly(true);
    site.drop('case', site.counting('case', COPIES), { data: 'dose' });
    site.start();
    expect(await blocked(site, 'case', /read-only/)).toContain('mount it writable');
    disk.setReadOnly(false);
    expect((await site.final('case')).state).toBe('completed');
    expect(resultOf(site, 'case')).toBe('dose');
    expect(site.runs('case')).toBe(1);
  });
});

test('a file in the place of the results folder: collecting is blocked with the reason, the slot works for others, and it goes on when the folder is there', async () => {
  const site = createSite();
  writeFileSync(site.results, 'a file');
  site.drop('case', site.counting('case', COPIES), { data: 'dose' });
  const daemon = site.start();
  expect(await blocked(site, 'case', /results/)).toContain('something else is in its place');
  await daemon.says('the results folder cannot be used');
  expect(site.slots()).toMatchObject([{ state: 'free' }]);
  site.drop('next', site.counting('next', COPIES), { data: 'next' });
  await site.in('next', 'collecting');
  expect(readFileSync(site.results, 'utf8')).toBe('a file');
  rmSync(site.results);
  mkdirSync(site.results);
  for (const [name, data] of [
    ['case', 'dose'],
    ['next', 'next'],
  ] as const) {
    expect((await site.final(name)).state).toBe('completed');
    expect(resultOf(site, name)).toBe(data);
    expect(site.runs(name)).toBe(1);
  }
});

test('results that something else lies in the place of are not mixed with it, and come when it is moved away', async () => {
  const site = createSite();
  const foreign = join(site.results, 'case', 'attempt-1');
  mkdirSync(foreign, { recursive: true });
  writeFileSync(join(foreign, 'notes'), 'of somebody');
  site.drop('case', site.counting('case', COPIES), { data: 'dose' });
  site.start();
  expect(await blocked(site, 'case', /holds something that mqi did not put there/)).toContain(foreign);
  expect(readFileSync(join(foreign, 'notes'), 'utf8')).toBe('of somebody');
  rmSync(foreign, { recursive: true });
  expect((await site.final('case')).state).toBe('completed');
  expect(resultOf(site, 'case')).toBe('dose');
});

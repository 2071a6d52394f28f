import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { createDirectScheduler } from '../../src/scheduler/direct.ts';
import { systemClock } from '../../src/daemon/clock.ts';
import { createLocalTransport } from '../../src/transport/local.ts';
import { canMount, createSmallDisk } from '../lab/small-disk.ts';
import { INSTANCE, examined, hostConfig, rootForTest } from './hosts.ts';

describe('the embedded host', () => {
  it('has nothing to repair before the first start, and is not made by being looked at', async () => {
    const root = rootForTest({ made: false });
    const report = await examined(hostConfig({ root }));
    expect(report.names('fail'), report.shown).toEqual([]);
    expect(report.of('root').found).toBe(`${root}, made by the daemon when it starts`);
    expect(report.of('owner').found).toContain('nobody yet');
    expect(readdirSync(dirname(root))).toEqual([]);
  });

  it('that a daemon has prepared has nothing to repair, and is left as it was', async () => {
    const root = rootForTest();
    const transport = createLocalTransport({ clock: systemClock });
    await createDirectScheduler({ transport, host: 'hpc', root, instance: INSTANCE }).prepare(
      new AbortController().signal,
      true,
    );
    const before = readdirSync(root);
    const report = await examined(hostConfig({ root }));
    expect(report.names('fail'), report.shown).toEqual([]);
    expect(report.of('owner').found).toBe('this installation (ours)');
    expect(readdirSync(root)).toEqual(before);
  });

  it('that was used and is not there is missed, and nobody says that it will be made anew', async () => {
    const absent = await examined(hostConfig({ root: rootForTest({ made: false }) }), { wasUsed: true });
    expect(absent.names('fail')).toEqual(['root']);
    expect(absent.of('root').repair).toContain('mqi hosts takeover hpc');
    const empty = await examined(hostConfig({ root: rootForTest() }), { wasUsed: true });
    expect(empty.names('fail')).toEqual(['owner']);
  });

  it('with a file in the way of its root, or a link to nothing, is told which it is, and to choose another: it is not ours to move', async () => {
    const root = rootForTest({ made: false });
    writeFileSync(root, '');
    expect((await examined(hostConfig({ root }))).of('root')).toMatchObject({
      status: 'fail',
      found: `${root} is a file (or a link to nothing), so there can be no directory ${root}`,
      repair: 'set hosts.hpc.root to a directory of its own, then: mqi config check',
    });
    expect((await examined(hostConfig({ root: join(root, 'below') }))).of('root').found).toBe(
      `${root} is a file (or a link to nothing), so there can be no directory ${root}/below`,
    );
    const link = `${root}-link`;
    symlinkSync('/nowhere', link);
    expect((await examined(hostConfig({ root: link }))).of('root').status).toBe('fail');
  });

  it('whose root is on a file system that nothing can be written to is told so', async () => {
    const { status, repair } = (await examined(hostConfig({ root: '/proc/self' }))).of('root');
    expect([status, repair === null]).toEqual(['fail', false]);
  });

  it('keeps names with spaces, quotes and dollars', async () => {
    const root = join(rootForTest(), 'a \'b\' $(touch c) "d"');
    mkdirSync(root);
    const report = await examined(hostConfig({ root }));
    expect(report.of('root')).toMatchObject({ status: 'ok', found: root });
    expect(existsSync(join(root, 'c'))).toBe(false);
  });

  it('with an owner file that nobody can read says so', async () => {
    const root = rootForTest();
    mkdirSync(join(root, 'owner'));
    expect((await examined(hostConfig({ root }))).of('owner').status).toBe('fail');
  });

  it.runIf(canMount)('whose disk is full, or read-only, is told which', async () => {
    const root = rootForTest();
    const disk = createSmallDisk(root, '64k');
    const makeRoom = disk.fill();
    const full = (await examined(hostConfig({ root }))).of('root');
    expect([full.status, full.repair]).toEqual(['fail', `df -h ${root}, and make room`]);
    makeRoom();
    expect((await examined(hostConfig({ root }))).of('root').status).toBe('ok');
    disk.setReadOnly(true);
    const readOnly = (await examined(hostConfig({ root }))).of('root');
    expect([readOnly.status, readOnly.repair]).toEqual(['fail', `sudo mount -o remount,rw ${root}`]);
  });
});

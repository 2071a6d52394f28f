import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { expect, onTestFinished, test } from 'vitest';

import { systemClock } from '../../src/daemon/clock.ts';
import { createDirectScheduler } from '../../src/scheduler/direct.ts';
import { createSshTransport } from '../../src/transport/ssh.ts';
import { sshTo } from '../doctor/hosts.ts';
import { createFakeNvidiaSmi } from '../lab/nvidia-smi.ts';
import { startSshd } from '../lab/sshd.ts';
import { COMPUTES, createHpc, describeOnHpc } from './lab.ts';

describeOnHpc('a GPU that somebody else computes on', {}, () => {
  test('gets no case over ssh and pueue either, and one when they have gone', async () => {
    const driver = createFakeNvidiaSmi(1);
    const hpc = await createHpc({
      sshd: { env: { PATH: `${driver.bin}:${process.env['PATH']!}` } },
      host: { slots: [{ name: 'gpu0', queue: 'gpu0', env: { CUDA_VISIBLE_DEVICES: '0' } }] },
    });
    const stranger = driver.stranger(0);
    hpc.start();
    hpc.drop('lung', COMPUTES, { data: 'dose' });
    await hpc.in('lung', 'staged');
    await hpc.eventually('the driver was asked', () => hpc.slots()[0]!.busy);
    expect((await hpc.mqi('why', 'lung')).out).toContain(`slot here/gpu0 is busy: pid ${stranger.pid} python of `);
    expect(await hpc.tasks()).toEqual([]);
    stranger.kill('SIGKILL');
    expect((await hpc.final('lung')).state).toBe('completed');
    expect(hpc.dose('lung')).toBe('dose');
  });

  test('is not known where the driver hangs: that holds nobody up, and nobody is blind because of it', async () => {
    const driver = createFakeNvidiaSmi(1);
    driver.answers('never, and stays when it is killed');
    const hpc = await createHpc({
      sshd: { env: { PATH: `${driver.bin}:${process.env['PATH']!}` } },
      host: { slots: [{ name: 'gpu0', queue: 'gpu0', gpu: 0 }] },
    });
    const daemon = hpc.start();
    hpc.drop('lung', COMPUTES, { data: 'dose' });
    expect((await hpc.final('lung')).state).toBe('completed');
    await hpc.eventually('the host says so', () => hpc.host()?.notices.some((notice) => notice.includes('no answer')));
    expect(driver.left()).not.toHaveLength(0);
    expect(daemon.log()).not.toContain('unreachable');
  });

  test('whose driver hangs beyond killing leaves the only channel of a connection free, each time', async () => {
    const driver = createFakeNvidiaSmi(1);
    const sshd = await startSshd({ env: { PATH: `${driver.bin}:${process.env['PATH']!}` } });
    onTestFinished(() => sshd.stop());
    const root = mkdtempSync(join(sshd.dir, 'root '));
    onTestFinished(() => rmSync(root, { recursive: true, force: true }));
    const { signal } = new AbortController();
    const options = sshTo(sshd, { maxSessions: 1 });
    if (options.type !== 'ssh') throw new Error('that is no way over ssh');
    const transport = createSshTransport({ ...options, clock: systemClock });
    onTestFinished(() => transport.close());
    expect(await transport.connect(signal)).toEqual({ kind: 'connected' });
    const impatient: Pick<typeof transport, 'run'> = {
      run: (command, how) => transport.run(command.replace('timeout 6', 'timeout 1'), how),
    };
    const scheduler = createDirectScheduler({ transport: impatient, root, instance: 'ours', host: 'hpc' });
    expect(await scheduler.prepare(signal, true)).toMatchObject({ kind: 'prepared' });
    driver.answers('never, and stays when it is killed');
    for (let left = 1; left <= 5; left += 1) {
      expect(await scheduler.gpus(signal)).toEqual({ kind: 'unknown', reason: expect.stringContaining('no answer') });
      expect(driver.left()).toHaveLength(left);
      expect(await scheduler.look([], signal)).toMatchObject({ kind: 'looked' });
    }
    driver.answers('well');
    expect(await scheduler.gpus(signal)).toMatchObject({ kind: 'gpus', gpus: [{ index: '0' }] });
  });
});

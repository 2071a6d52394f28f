import { expect, test } from 'vitest';

import { readHost } from '../../src/store/hosts.ts';
import { readSlots } from '../../src/store/slots.ts';
import { createFakeNvidiaSmi } from '../lab/nvidia-smi.ts';
import { createSite } from '../lab/site.ts';

test('a case waits, explained, while somebody else computes on its GPU, and runs when they have gone; its own job makes nobody wait', async () => {
  // within one probe and a job, with something to spare
  const site = createSite({
    host: {
      slots: [
        { name: 'gpu0', env: { CUDA_VISIBLE_DEVICES: '0' } },
        { name: 'gpu1', gpu: 'GPU-11111111' },
      ],
    },
  });
  const driver = createFakeNvidiaSmi(2);
  const [alice, bob] = [driver.stranger(0), driver.stranger(1, '/opt/other/dose')];
  const daemon = site.start({ env: { PATH: `${driver.bin}:${process.env['PATH']!}` } });
  site.drop('lung', site.counting('lung', `${driver.use(0)}; exec sleep 1`));
  await site.in('lung', 'staged');
  await site.until('the driver was asked', ({ db }) => readSlots(db).every(({ busy }) => busy !== null));
  expect(site.slots()).toMatchObject([
    { state: 'free', busy: expect.stringMatching(new RegExp(`^pid ${alice.pid} python of \\S+ \\(not ours\\)$`)) },
    { state: 'free', busy: expect.stringMatching(new RegExp(`^pid ${bob.pid} dose of \\S+ \\(not ours\\)$`)) },
  ]);
  const why = await site.mqi('why', 'lung');
  expect(why.out).toContain(`slot here/gpu0 is busy: pid ${alice.pid} python of `);
  expect(why.out).toContain(`slot here/gpu1 is busy: pid ${bob.pid} dose of `);
  expect((await site.mqi('slots', 'list')).out).toMatch(/here\/gpu0 +busy /);
  expect((await site.mqi('status')).out).toContain(`here/gpu0 is busy: pid ${alice.pid}`);
  await daemon.says(`slot here/gpu0 is busy: pid ${alice.pid} python`);
  expect(site.runs('lung')).toBe(0);

  alice.kill('SIGKILL');
  expect(await site.final('lung')).toMatchObject({ state: 'completed' });
  expect(site.runs('lung')).toBe(1);
  expect(site.attempts('lung')).toMatchObject([{ slot: 'gpu0' }]);
  await daemon.says('nobody else computes on slot here/gpu0 any more');
  expect(site.slots()).toMatchObject([
    { state: 'free', busy: null },
    { state: 'free', busy: expect.any(String) },
  ]);
});

test('mqi slots clear gives a busy slot away all the same; a job of ours that computes there makes no slot busy, also for the next daemon', async () => {
  const site = createSite({ host: { slots: [{ name: 'gpu0', gpu: 0 }] } });
  const driver = createFakeNvidiaSmi(1);
  const stranger = driver.stranger(0);
  const env = { PATH: `${driver.bin}:${process.env['PATH']!}` };
  const daemon = site.start({ env });
  site.drop('lung', site.counting('lung', `${driver.use(0)}; exec sleep 300`));
  await site.in('lung', 'staged');
  await site.until('the driver was asked', ({ db }) => readSlots(db).every(({ busy }) => busy !== null));
  const dry = await site.mqi('slots', 'clear', 'here/gpu0', '--dry-run');
  expect(dry).toMatchObject({ code: 0, out: expect.stringContaining('at once, beside that process') });
  expect(await site.mqi('slots', 'clear', 'here/gpu0', '--why', 'it idles')).toMatchObject({ code: 0 });
  await site.in('lung', 'executing');
  daemon.kill('SIGKILL');
  await daemon.exited;

  // a daemon that begins asks the driver before it lifts the barrier
  const reconciled = async (): Promise<string | null> => {
    const next = site.start({ env });
    await site.until('online again', () => next.log().includes('is online'));
    await site.until('reconciled', ({ db }) => readHost(db, 'here')?.reconciledAt != null);
    next.kill('SIGKILL');
    await next.exited;
    return site.slots()[0]!.busy;
  };
  expect(await reconciled()).toMatch(new RegExp(`^pid ${stranger.pid} python of \\S+ \\(not ours\\)$`));
  stranger.kill('SIGKILL');
  expect(await reconciled()).toBeNull();
  expect(site.caseOf('lung').phase).toBe('executing');
  expect(site.slots()).toMatchObject([{ state: 'leased' }]);
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, onTestFinished, test } from 'vitest';

import { PUEUE_VERSIONS } from '../lab/pueue.ts';
import { fillUp, mountSmall, read as readText } from '../scheduler/lab.ts';
import { canMount } from '../transport/small-disk.ts';
import { COMPUTES, createHpc, describeOnHpc } from './lab.ts';
import type { Hpc } from './lab.ts';

/** The host waits until the network swallows what it says, and then does what it was told: no look tells of it either. */
async function loseAnswerOf(hpc: Hpc, command: 'add' | 'enqueue'): Promise<void> {
  hpc.trap(`case " $* " in *" ${command} "*)
  : > '${hpc.file('asked')}'
  until [ -e '${hpc.file('swallowed')}' ]; do sleep 0.05; done
  real "$@"; code=$?
  : > '${hpc.file('done')}'
  exit $code ;;
esac`);
  hpc.drop('case', hpc.counting('case', COMPUTES), { data: 'dose' });
  hpc.start();
  await hpc.appears('asked');
  hpc.proxy.set({ stall: 'down' });
  writeFileSync(hpc.file('swallowed'), '');
  await hpc.appears('done');
}

for (const version of PUEUE_VERSIONS) {
  describeOnHpc(`with pueue ${version}`, { version }, () => {
    test('the answer to `pueue add` is lost: the job is found by its token, never created again, and runs once', async () => {
      const hpc = await createHpc({ version, proxied: true, transport: { keepalive: '1s' } });
      await loseAnswerOf(hpc, 'add');
      await hpc.in('case', 'confirming');
      hpc.trap(null);
      hpc.proxy.reset();
      hpc.proxy.set({ stall: null });
      expect((await hpc.final('case')).state).toBe('completed');
      expectOneJob(hpc);
      expect(hpc.phases('case')).toContain('confirming');
    });

    test('the answer to `pueue enqueue` is lost: the job that was let go is followed, and runs once', async () => {
      const hpc = await createHpc({ version, proxied: true, transport: { keepalive: '1s' } });
      await loseAnswerOf(hpc, 'enqueue');
      await hpc.until('the host is blind', () => hpc.caseOf('case').blindCause !== null);
      expect(hpc.caseOf('case').phase).toBe('releasing');
      hpc.trap(null);
      hpc.proxy.reset();
      hpc.proxy.set({ stall: null });
      expect((await hpc.final('case')).state).toBe('completed');
      expectOneJob(hpc);
    });
  });

  describeOnHpc(
    `with pueue ${version} on a full disk`,
    { version, rights: [canMount ? null : 'mounting needs root'] },
    () => {
      test('`pueue add` fails after the fact: the task that it made is found by its token, and runs once', async () => {
        const directory = mkdtempSync(join(tmpdir(), 'mqi-disk-'));
        const unmount = mountSmall(directory, 1024);
        onTestFinished(() => {
          unmount();
          rmSync(directory, { recursive: true });
        });
        const hpc = await createHpc({ version, dataDirectory: join(directory, 'pueue') });
        const ballast = join(directory, 'ballast');
        hpc.trap(`case " $* " in *" add "*)
  : > '${hpc.file('adding')}'
  until [ -e '${hpc.file('full')}' ]; do sleep 0.05; done
  real "$@"; code=$?
  echo $code > '${hpc.file('code')}'
  until [ -e '${hpc.file('room')}' ]; do sleep 0.05; done
  exit $code ;;
esac`);
        hpc.drop('case', hpc.counting('case', COMPUTES), { data: 'dose' });
        hpc.start();
        await hpc.appears('adding');
        fillUp(ballast);
        writeFileSync(hpc.file('full'), '');
        await hpc.eventually('add has ended', () => readText(hpc.file('code')) === '1\n');
        rmSync(ballast);
        writeFileSync(hpc.file('room'), '');
        expect((await hpc.final('case')).state).toBe('completed');
        expectOneJob(hpc);
      });
    },
  );
}

function expectOneJob(hpc: Hpc): void {
  expect(hpc.dose('case')).toBe('dose');
  expect(hpc.runs('case')).toBe(1);
  expect(hpc.attempts('case')).toHaveLength(1);
  expect(hpc.calls().filter((call) => call.includes(' add '))).toHaveLength(1);
}

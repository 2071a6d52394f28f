import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import path from 'node:path';

import { describe, expect, test } from 'vitest';

import { busyWith } from '../../src/domain/gpu.ts';
import type { Gpu } from '../../src/domain/gpu.ts';
import type { Scheduler } from '../../src/scheduler/scheduler.ts';
import type { Transport } from '../../src/transport/transport.ts';
import { createFakeNvidiaSmi, uuidOf } from '../lab/nvidia-smi.ts';
import type { FakeNvidiaSmi } from '../lab/nvidia-smi.ts';
import { kill, processesOf, until } from '../scheduler/lab.ts';
import { signal } from './scheduler-bench.ts';
import type { Bench } from './scheduler-bench.ts';
import { losing, rewriting, without } from './scheduler-transports.ts';

/** What runs on the GPUs. The driver is a fake (test/lab/nvidia-smi.ts); the processes are real. */
export function gpusContract(bench: Bench): void {
  const { started } = bench;
  const withDriver = ({ bin }: FakeNvidiaSmi): Scheduler =>
    bench.sut.scheduler({
      transport: rewriting(bench.lab.transport, (command) => `PATH='${bin}':$PATH\n${command}`),
    });
  async function gpusOf(scheduler: Scheduler): Promise<readonly Gpu[]> {
    const outcome = await scheduler.gpus(signal);
    if (outcome.kind !== 'gpus' || outcome.gpus === null) throw new Error(JSON.stringify(outcome));
    return outcome.gpus;
  }
  const me = userInfo().username;

  describe('GPUs', () => {
    test('are none where the host has no nvidia-smi', async () => {
      const transport = rewriting(bench.lab.transport, (command) =>
        command.replace('command -v nvidia-smi', 'command -v no-such-nvidia-smi'),
      );
      expect(await bench.sut.scheduler({ transport }).gpus(signal)).toEqual({ kind: 'gpus', gpus: null });
    });

    test('are told by one command, with nobody on them', async () => {
      const scheduler = withDriver(createFakeNvidiaSmi(2));
      bench.lab.commands.length = 0;
      expect(await gpusOf(scheduler)).toEqual([
        { index: '0', uuid: uuidOf(0), processes: [] },
        { index: '1', uuid: uuidOf(1), processes: [] },
      ]);
      expect(bench.lab.commands).toHaveLength(1);
    });

    test('have jobs of ours, and strangers, and both are told apart', async () => {
      const driver = createFakeNvidiaSmi(2);
      const ours = await started(`${driver.use(0)}; exec sleep 100`);
      const stranger = driver.stranger(1, `evil, name\n${uuidOf(0)}, ${process.pid}, x`);
      await until(async () => (await gpusOf(withDriver(driver)))[0]!.processes.length === 1);
      const gpus = await gpusOf(withDriver(driver));
      expect(gpus[0]!.processes).toEqual([{ pid: ours.payload, name: 'moqui', user: null, ours: true }]);
      expect(busyWith(gpus, ['0'])).toBeNull();
      expect(gpus[1]!.processes).toMatchObject([{ pid: stranger.pid, user: me, ours: false }]);
      expect(busyWith(gpus, ['1'])).toBe(`pid ${stranger.pid} evil, name of ${me} (not ours)`);
    });

    test('have a job of ours that lost its environment: it is known by the session that its job opened', async () => {
      const driver = createFakeNvidiaSmi(1);
      await started(
        `env -i PATH="$PATH" sh -c "echo \\$\\$ > clean; ${driver.use(0).replaceAll('$$', '\\$\\$')}; exec sleep 100"`,
      );
      await until(async () => (await gpusOf(withDriver(driver)))[0]!.processes.length === 1);
      const [gpu] = await gpusOf(withDriver(driver));
      expect(gpu!.processes).toMatchObject([{ ours: true }]);
      // and not by its environment
      const { pid } = gpu!.processes[0]!;
      expect(readFileSync(`/proc/${pid}/environ`, 'utf8')).not.toContain('MQI_TOKEN');
    });

    test('have the job of another installation: a stranger', async () => {
      const driver = createFakeNvidiaSmi(1);
      const stranger = driver.stranger(0, 'moqui', { MQI_TOKEN: 'mqi-otherinstallation-case1-1-aaaaaaaa' });
      expect(busyWith(await gpusOf(withDriver(driver)), ['0'])).toContain(`pid ${stranger.pid} moqui`);
      stranger.kill('SIGKILL');
      await until(async () => busyWith(await gpusOf(withDriver(driver)), ['0']) === null);
    });

    test('do not have a job of ours that ends while they are asked for', async () => {
      const driver = createFakeNvidiaSmi(1);
      const stranger = driver.stranger(0);
      const transport = rewriting(
        bench.lab.transport,
        (command) =>
          // it was on the GPU, and is gone before the processes are looked through
          `PATH='${driver.bin}':$PATH\n${command.replace('apps=$(told app', `kill -9 ${stranger.pid}; while kill -0 ${stranger.pid} 2> /dev/null; do case $(cut -d ' ' -f 3 /proc/${stranger.pid}/stat) in Z) break ;; esac; done; apps=$(told app`)}`,
      );
      const [gpu] = await gpusOf(bench.sut.scheduler({ transport }));
      expect(gpu!.processes).toEqual([]);
    });

    test.each([
      ['with an error', /failed with code 9: NVIDIA-SMI has failed/],
      ['with garbage', /it says "\[GPU is lost\]"/],
    ] as const)('are unknown where the driver answers %s', async (how, reason) => {
      const driver = createFakeNvidiaSmi(1);
      driver.answers(how);
      expect(await withDriver(driver).gpus(signal)).toEqual({ kind: 'unknown', reason: expect.stringMatching(reason) });
    });

    describe('of a driver that hangs', () => {
      const mark = (): string => `MQI_HUNG=${bench.lab.instance}`;
      const hanging = (driver: FakeNvidiaSmi): Pick<Transport, 'run'> =>
        rewriting(
          bench.lab.transport,
          (command) =>
            `${mark()}; export MQI_HUNG; PATH='${driver.bin}':$PATH\n${command.replace('timeout 6', 'timeout 1')}`,
        );

      test('are unknown: the command ends all the same, and leaves nothing behind', async () => {
        const driver = createFakeNvidiaSmi(1);
        driver.answers('not at all');
        const outcome = await bench.sut.scheduler({ transport: hanging(driver) }).gpus(signal);
        expect(outcome).toEqual({ kind: 'unknown', reason: expect.stringContaining('no answer within') });
        await until(() => markedBy(mark()).length === 0);
        expect(readdirSync(bench.lab.root)).not.toContain('gpus.hung');
        driver.answers('well');
        expect(await gpusOf(withDriver(driver))).toHaveLength(1);
      });

      test('that cannot even be killed are unknown: the channel is free all the same, and no second one is started', async () => {
        const driver = createFakeNvidiaSmi(1);
        driver.answers('not at all');
        const scheduler = bench.sut.scheduler({ transport: without('kill', hanging(driver)) });
        expect(await scheduler.gpus(signal)).toMatchObject({ kind: 'unknown' });
        const [hung, ...more] = markedBy(mark()).filter((pid) => commandOf(pid).startsWith('sleep'));
        expect(more).toEqual([]);
        expect(await scheduler.gpus(signal)).toEqual({
          kind: 'unknown',
          reason: expect.stringContaining(`it hangs, unkillable: pid ${hung}`),
        });
        expect(markedBy(mark()).filter((pid) => commandOf(pid).startsWith('sleep'))).toEqual([hung]);
        driver.answers('well');
        kill(hung!);
        await until(() => markedBy(mark()).length === 0);
        expect(await gpusOf(withDriver(driver))).toHaveLength(1);
      });
    });

    test('are not asked for again while an nvidia-smi that cannot be killed still hangs', async () => {
      const driver = createFakeNvidiaSmi(1);
      const hung = driver.stranger(0);
      const [boot, stat] = ['/proc/sys/kernel/random/boot_id', `/proc/${hung.pid}/stat`].map((file) =>
        readFileSync(file, 'utf8').trim(),
      );
      const note = path.join(bench.lab.root, 'gpus.hung');
      writeFileSync(note, `${hung.pid} ${stat!.split(') ')[1]!.split(' ')[19]!} ${boot!}\n`);
      const outcome = await withDriver(driver).gpus(signal);
      expect(outcome).toEqual({ kind: 'unknown', reason: expect.stringContaining(`unkillable: pid ${hung.pid}`) });
      // another process by now: the number was used again
      writeFileSync(note, `${hung.pid} 1 ${boot!}\n`);
      expect(await gpusOf(withDriver(driver))).toHaveLength(1);
    });

    test('are unknown where no answer comes: that is no sight of the host', async () => {
      expect(await bench.sut.scheduler({ transport: losing(bench.lab.transport) }).gpus(signal)).toMatchObject({
        kind: 'unknown',
      });
    });

    test('are not told to somebody whose root it is not', async () => {
      const strange = bench.sut.scheduler({ instance: 'somebodyelse' });
      expect(await strange.gpus(signal)).toMatchObject({
        kind: 'blind',
        reason: expect.stringContaining('another installation'),
      });
      expect(processesOf('mqi-somebodyelse-')).toEqual([]);
    });
  });
}

/** Pids of the processes that have it in their environment. */
function markedBy(mark: string): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && read(`/proc/${name}/environ`).split('\0').includes(mark))
    .map(Number);
}

function commandOf(pid: number): string {
  return read(`/proc/${pid}/cmdline`);
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    // it has just ended
    return '';
  }
}

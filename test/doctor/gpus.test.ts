import { readdirSync } from 'node:fs';
import { dirname } from 'node:path';

import { describe, expect, it, onTestFinished, vi } from 'vitest';

import type { SlotConfig } from '../../src/config/config.ts';
import { createFakeNvidiaSmi } from '../lab/nvidia-smi.ts';
import type { FakeNvidiaSmi } from '../lab/nvidia-smi.ts';
import { examined, hostConfig, rootForTest } from './hosts.ts';
import type { Report } from './hosts.ts';

/** An embedded host with that driver on its PATH, and a slot on each of these GPUs. */
async function surveyed(
  driver: FakeNvidiaSmi,
  gpus: readonly (readonly string[])[],
  root = rootForTest(),
): Promise<Report> {
  vi.stubEnv('PATH', `${driver.bin}:${process.env['PATH']!}`);
  onTestFinished(() => void vi.unstubAllEnvs());
  const slots = gpus.map((on, index): SlotConfig => ({ name: `gpu${index}`, queue: null, gpus: on, env: {} }));
  return examined(hostConfig({ root, slots }));
}

const about = (report: Report): readonly string[] =>
  report.findings.filter(({ name }) => name === 'gpu use').map(({ status, found }) => `${status} ${found}`);

describe('the GPUs of a host', () => {
  it('on which nobody else computes are named with their slots, before there is a root, and none is made', async () => {
    const root = rootForTest({ made: false });
    const report = await surveyed(createFakeNvidiaSmi(2), [['0'], ['1']], root);
    expect(about(report)).toEqual(['ok nobody else computes on gpu0 (GPU 0), gpu1 (GPU 1)']);
    expect(report.names('fail')).toEqual([]);
    expect(readdirSync(dirname(root))).toEqual([]);
  });

  it('on which somebody else computes are named, with who it is and what to type', async () => {
    const driver = createFakeNvidiaSmi(2);
    const { pid } = driver.stranger(1);
    const report = await surveyed(driver, [['0'], ['GPU-11111111']]);
    expect(about(report)).toEqual([
      expect.stringMatching(
        new RegExp(`^warn GPU 1 is busy: pid ${pid} python of \\S+ \\(not ours\\); nothing is leased on gpu1 until`),
      ),
      'ok nobody else computes on gpu0 (GPU 0)',
    ]);
    expect(report.findings.find(({ status, name }) => status === 'warn' && name === 'gpu use')!.repair).toBe(
      `ps -fp ${pid}`,
    );
  });

  it('that are not there are the fault of the configuration', async () => {
    const report = await surveyed(createFakeNvidiaSmi(2), [['0'], ['7']]);
    expect(about(report)).toEqual([
      'fail slot gpu1 is on GPU 7, and nvidia-smi lists 0, 1',
      'ok nobody else computes on gpu0 (GPU 0)',
    ]);
    expect(report.findings.find(({ status }) => status === 'fail')!.repair).toContain('gpu1 in hosts.hpc.slots');
  });

  it('that no slot is said to be on are told of all the same', async () => {
    const driver = createFakeNvidiaSmi(1);
    expect(about(await surveyed(driver, [[]]))).toEqual([]);
    driver.stranger(0);
    expect(about(await surveyed(driver, [[]]))).toEqual([
      expect.stringMatching(/^info GPU 0 is busy: .* no slot says which GPU it is on \(hosts\.hpc\.slots\[\]\.gpu\)/),
    ]);
  });

  it('whose driver fails are unknown', async () => {
    const driver = createFakeNvidiaSmi(1);
    driver.answers('with garbage');
    const report = await surveyed(driver, [['0']]);
    expect(about(report)).toEqual([expect.stringContaining('warn nvidia-smi cannot tell')]);
  });
});

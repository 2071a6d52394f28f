import { describe, expect, it } from 'vitest';

import { busyWith, missingGpus, strangersText, visibleGpus } from '../../src/domain/gpu.ts';
import type { Gpu, GpuProcess } from '../../src/domain/gpu.ts';

const somebody = (pid: number, name: string | null = 'python', user: string | null = 'alice'): GpuProcess => ({
  pid,
  name,
  user,
  ours: false,
});
const job: GpuProcess = { pid: 7, name: 'moqui', user: 'mqi', ours: true };

const FIRST: Gpu = { index: '0', uuid: 'GPU-aaaa-1111', processes: [somebody(4242)] };
const SECOND: Gpu = { index: '1', uuid: 'GPU-bbbb-2222', processes: [job] };

describe('the GPUs that CUDA_VISIBLE_DEVICES shows', () => {
  it.each([
    ['0', ['0']],
    ['0, 1', ['0', '1']],
    ['GPU-aaaa-1111,3', ['GPU-aaaa-1111', '3']],
    // as CUDA does: what comes after the first word that names none is hidden
    ['1,-1,0', ['1']],
    ['NoDevFiles', []],
    ['', []],
    ['MIG-aaaa-1111', []],
  ])('%j: %j', (text, names) => {
    expect(visibleGpus(text)).toEqual(names);
  });
});

describe('a GPU is named by its index, or by the beginning of its UUID', () => {
  it.each([['0'], ['GPU-aaaa'], ['gpu-AAAA-1111']])('%s is there', (name) => {
    expect(missingGpus([FIRST, SECOND], [name])).toEqual([]);
  });

  it.each([['2'], ['GPU-cccc'], ['aaaa']])('%s is not', (name) => {
    expect(missingGpus([FIRST, SECOND], ['1', name])).toEqual([name]);
  });
});

describe('somebody else on a GPU', () => {
  it('counts on the GPUs that were named', () => {
    expect(busyWith([FIRST, SECOND], ['0'])).toBe('pid 4242 python of alice (not ours)');
    expect(busyWith([FIRST, SECOND], ['1'])).toBeNull();
    expect(busyWith([FIRST, SECOND], ['5'])).toBeNull();
    expect(busyWith([FIRST, SECOND], [])).toBeNull();
  });

  it('is told with what is known of it, the lowest pid first, each process once', () => {
    expect(strangersText([])).toBeNull();
    expect(strangersText([job])).toBeNull();
    expect(strangersText([somebody(9, null, null)])).toBe('pid 9 (not ours)');
    expect(strangersText([somebody(30), job, somebody(9), somebody(30)])).toBe(
      'pid 9 python of alice and 1 more (not ours)',
    );
  });
});

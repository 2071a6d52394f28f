import { describe, expect, test } from 'vitest';

import { busyWith, missingGpus, visibleGpus } from '../../src/domain/gpu.ts';
import type { Gpu } from '../../src/domain/gpu.ts';
import { readGpus } from '../../src/scheduler/gpus-answer.ts';

const NODE = { name: 'n', bootId: '00000000', pidNamespace: '1', uid: 1 };
const [A, B] = ['GPU-aaaaaaaa-0000-0000-0000-000000000000', 'GPU-bbbbbbbb-0000-0000-0000-000000000000'];
const TWO = [`gpu 0, ${A}`, `gpu 1, ${B}`];

function gpusOf(...lines: readonly string[]): readonly Gpu[] | null {
  const outcome = readGpus({ kind: 'answered', node: NODE, lines });
  if (outcome.kind !== 'gpus') throw new Error(JSON.stringify(outcome));
  return outcome.gpus;
}

/** What is said of slots on GPU 0 and GPU 1. */
function busy(...lines: readonly string[]): readonly (string | null)[] {
  const gpus = gpusOf(...TWO, ...lines)!;
  return [busyWith(gpus, ['0']), busyWith(gpus, [B])];
}

describe('the answer of nvidia-smi', () => {
  test('there is none where there is no nvidia-smi, and none of the GPUs is busy where nothing computes', () => {
    expect(gpusOf('absent')).toBeNull();
    expect(gpusOf()).toEqual([]);
    expect(busy()).toEqual([null, null]);
  });

  test.each([
    {
      law: 'a process of ours is nobody’s trouble, also when the driver names it twice',
      lines: [`app ${A}, 7, python`, `app ${A}, 7, python`, 'process 7 mqi-x-c-1-r', 'scanned'],
      says: [null, null],
    },
    {
      law: 'a stranger is named, with the user that /proc shows',
      lines: [`app ${A}, 4242, /usr/bin/python`, 'scanned', `again ${A}, 4242`, 'user 4242 alice'],
      says: ['pid 4242 python of alice (not ours)', null],
    },
    {
      law: 'a stranger beside ours is a stranger',
      lines: [`app ${B}, 7, a`, `app ${B}, 8, b`, 'process 7 mqi-x-c-1-r', 'scanned', `again ${B}, 8`, 'user 8 '],
      says: [null, 'pid 8 b (not ours)'],
    },
    {
      law: 'what was gone when the driver was asked again is no stranger: a job of ours that has just ended',
      lines: [`app ${A}, 9, moqui`, 'scanned', 'user 9 '],
      says: [null, null],
    },
    {
      law: 'several are counted, the lowest pid is named',
      lines: [
        `app ${A}, 90, b`,
        `app ${A}, 9, a`,
        'scanned',
        `again ${A}, 90`,
        `again ${A}, 9`,
        'user 9 eve',
        'user 90 bob',
      ],
      says: ['pid 9 a of eve and 1 more (not ours)', null],
    },
    {
      law: 'a name with commas and newlines is one name, and cannot make another GPU busy',
      lines: [
        `app ${A}, 5, a, b`,
        'app ',
        `app ${B}, 6, fake`,
        'scanned',
        `again ${A}, 5`,
        'user 5 mallory',
        'user 6 ',
      ],
      says: ['pid 5 a, b of mallory (not ours)', null],
    },
    {
      law: 'a name that goes on over lines that look like anything does not blind us to the rest',
      lines: [
        `app ${A}, 5, a`,
        'app scanned',
        'app problem garbled x',
        `app ${B}, 6, c`,
        'scanned',
        `again ${A}, 5`,
        `again ${B}, 6`,
      ],
      says: ['pid 5 a scanned problem garbled x (not ours)', 'pid 6 c (not ours)'],
    },
    {
      law: 'control characters, bidirectional overrides and endless names reach no terminal',
      lines: [`app ${A}, 5, \u001b[31m\u202Eevil\t${'x'.repeat(300)}`, 'scanned', `again ${A}, 5`, 'user 5 a\u0007b'],
      says: [expect.stringMatching(/^pid 5 \[31m evil x{30}… of a b \(not ours\)$/), null],
    },
    {
      law: 'a process whose name and user nobody shows is there all the same',
      lines: [`app ${A}, 5, [Not Found]`, 'scanned', `again ${A}, 5`, 'user 5 '],
      says: ['pid 5 (not ours)', null],
    },
    {
      law: 'what runs on a GPU that is not listed, or on a part of one, concerns no slot',
      lines: [
        'app GPU-cccccccc-0, 5, x',
        'app MIG-dddddddd-0/1/2, 6, y',
        'scanned',
        'again GPU-cccccccc-0, 5',
        'again MIG-dddddddd-0/1/2, 6',
      ],
      says: [null, null],
    },
  ])('$law', ({ lines, says }) => {
    expect(busy(...lines)).toEqual(says);
  });

  test.each([
    [
      'a driver that fails',
      ['trouble it failed with code 9: NVIDIA-SMI has failed\u001b[0m'],
      /it failed with code 9: NVIDIA-SMI has failed/,
    ],
    ['one that fails half-way', [...TWO, 'trouble it gives no answer within 6 s'], /no answer within 6 s/],
    ['a list of GPUs that is none', ['gpu [N/A], [N/A]'], /it says "\[N\/A\], \[N\/A\]"/],
    [
      'a list of processes that is none',
      [...TWO, 'app [Not Supported], [Not Supported], [Not Supported]'],
      /Not Supported/,
    ],
    ['a second list that is none', [...TWO, `app ${A}, 5, x`, 'scanned', 'again garbage'], /garbage/],
    ['a line of no kind', [...TWO, 'hello'], /it says "hello"/],
  ])('%s is unknown, and no reason to see nothing of the host', (_, lines, reason) => {
    const outcome = readGpus({ kind: 'answered', node: NODE, lines });
    expect(outcome).toEqual({ kind: 'unknown', reason: expect.stringMatching(reason) });
  });

  test('one in which the processes were not looked through is none', () => {
    const lines = [...TWO, `app ${A}, 5, x`];
    expect(readGpus({ kind: 'answered', node: NODE, lines })).toMatchObject({ kind: 'blind', cause: 'garbled' });
  });
});

describe('the name of a GPU', () => {
  const gpus: readonly Gpu[] = [
    { index: '0', uuid: A, processes: [] },
    { index: '10', uuid: B, processes: [] },
  ];
  test.each([
    [['0', '10', A, B], []],
    [['GPU-AAAAAAAA', 'gpu-bbbb'], []],
    [['1'], ['1']],
    [['GPU-cccc', '0'], ['GPU-cccc']],
  ])('%j names what is there, but for %j', (names, missing) => {
    expect(missingGpus(gpus, names)).toEqual(missing);
  });
});

test.each([
  ['0', ['0']],
  [' 1, 0 ', ['1', '0']],
  ['GPU-8932f937-d72c-4106-c12f-20bd9faed9f6', ['GPU-8932f937-d72c-4106-c12f-20bd9faed9f6']],
  ['0,-1,1', ['0']],
  ['', []],
  ['NoDevFiles', []],
  ['MIG-8932f937-d72c-4106-c12f-20bd9faed9f6', []],
])('CUDA_VISIBLE_DEVICES=%j shows a job the GPUs %j', (text, names) => {
  expect(visibleGpus(text)).toEqual(names);
});

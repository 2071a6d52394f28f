import { randomBytes } from 'node:crypto';
import { appendFileSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { createHpc, describeOnHpc } from './lab.ts';
import type { Hpc } from './lab.ts';

const MIB = 1024 * 1024;
const INTERVAL_SECONDS = 120;

/** `bench/slot-gap-ssh.mjs` asks for the full size, and for the figures in a file. */
const inputMib = Number(process.env['MQI_SLOT_GAP_MIB'] ?? 4);
const report = process.env['MQI_SLOT_GAP_REPORT'];
const CASES = 10;

describeOnHpc('one slot', {}, () => {
  test(`and ${CASES} jobs of a second: the next one starts when one ends, not when the host is looked at again`, async () => {
    const hpc = await createHpc({ observeEvery: `${INTERVAL_SECONDS}s` });
    const names = Array.from({ length: CASES }, (_, index) => `case-${index}`);
    for (const name of names) drop(hpc, name);
    hpc.start();
    for (const name of names) expect((await hpc.final(name)).state, name).toBe('completed');
    const gapsMs = gaps(readFileSync(hpc.file('times'), 'utf8')).sort((a, b) => a - b);
    const [median, longest] = [gapsMs[gapsMs.length >> 1]!, gapsMs.at(-1)!];
    console.info(
      `from a job's end to the next one's start: median ${median} ms, longest ${longest} ms (${inputMib} MiB inputs)`,
    );
    if (report !== undefined) writeFileSync(report, JSON.stringify({ cases: CASES, inputMib, gapsMs }));
    expect(gapsMs).toHaveLength(CASES - 1);
    expect(longest).toBeLessThan((INTERVAL_SECONDS * 1000) / 2);
  });
});

/** Each job notes when it starts and when it ends, in nanoseconds. */
function drop(hpc: Hpc, name: string): void {
  const hidden = hpc.file(`.making-${name}`);
  mkdirSync(hidden);
  const note = (word: string): string => `echo ${word} $(date +%s%N) >> '${hpc.file('times')}'`;
  writeFileSync(join(hidden, 'run.sh'), `${note('start')}; sleep 1; ${note('end')}\n`);
  for (let at = 0; at < inputMib; at++) appendFileSync(join(hidden, 'ct.raw'), randomBytes(MIB));
  renameSync(hidden, join(hpc.watch, name));
}

/** Milliseconds from each end to the start after it. */
function gaps(times: string): number[] {
  const lines = times
    .trimEnd()
    .split('\n')
    .map((line) => line.split(' '));
  expect(lines.map(([word]) => word)).toEqual(lines.map((_, index) => (index % 2 === 0 ? 'start' : 'end')));
  return lines.flatMap(([, at], index) => {
    const before = lines[index - 1];
    return index % 2 === 0 && before !== undefined ? [Math.round((Number(at) - Number(before[1])) / 1e6)] : [];
  });
}

import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { describe, expect, test } from 'vitest';

import { attempt, endOf, exitOf, lab, outputsOf, runJob } from './job-bench.ts';
import { isRoot, mountSmall, processesOf, read, until } from './lab.ts';

describe('the outputs', () => {
  const MAKE = `mkdir -p out inputs/sub 'a  dir'; echo 1 > inputs/made; echo 22 > out/manifest; printf x > 'a  dir/
new'; : > -n; ln -s out link; mkdir out/claim.d; echo 3 > out/claim.d/f; echo tmp > outputs.x; echo e > end.y; mkfifo pipe`;

  test('are all regular files that the job made, with their sizes', async () => {
    const { directory } = attempt({ command: MAKE });
    writeFileSync(path.join(directory, 'inputs', 'given'), 'x');
    expect(await runJob(directory)).toBe(0);
    expect(outputsOf(directory)).toEqual({ './out/manifest': 3, './a  dir/\nnew': 1, './-n': 0, './out/claim.d/f': 2 });
  });

  test('are the same where find has no -printf', async () => {
    const { directory } = attempt({ command: MAKE });
    const bin = path.join(lab.root, 'bin');
    mkdirSync(bin);
    writeFileSync(
      path.join(bin, 'find'),
      '#!/bin/sh\ncase "$*" in *-printf*) exit 1;; esac\nexec /usr/bin/find "$@"\n',
    );
    chmodSync(path.join(bin, 'find'), 0o755);
    expect(await runJob(directory, { PATH: `${bin}:${process.env['PATH']!}` })).toBe(0);
    expect(outputsOf(directory)).toEqual({ './out/manifest': 3, './a  dir/\nnew': 1, './-n': 0, './out/claim.d/f': 2 });
  });

  test.runIf(isRoot)('whose disk is full at its end waits for room, and loses neither outputs nor end', async () => {
    const { token, directory } = attempt({
      command: 'echo result > result; cat /dev/zero > fill 2> /dev/null; exit 0',
    });
    const script = readFileSync(path.join(directory, 'job.sh'));
    const unmount = mountSmall(directory);
    try {
      writeFileSync(path.join(directory, 'manifest'), '');
      const elsewhere = path.join(lab.root, 'job.sh');
      writeFileSync(elsewhere, script);
      const child = spawn('sh', [elsewhere], { cwd: '/' });
      const exited = exitOf(child);
      await until(() => isFull(directory) && processesOf(token).length > 0);
      // once it naps between two tries, both its outputs and its end have been refused
      await until(() => processesOf(token).some((pid) => read(`/proc/${pid}/cmdline`) === 'sleep\x005\0'));
      rmSync(path.join(directory, 'fill'));
      expect(await exited).toBe(0);
      expect(outputsOf(directory)).toEqual({ './result': 7 });
      expect(endOf(directory)).toEqual({ kind: 'present', value: { kind: 'exited', exitCode: 0 } });
    } finally {
      unmount();
    }
  });
});

function isFull(directory: string): boolean {
  return statfsSync(directory).bfree === 0;
}

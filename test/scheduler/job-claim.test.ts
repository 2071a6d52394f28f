import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { describe, expect, test } from 'vitest';

import { attempt, claimOf, endOf, exitOf, lab, runJob } from './job-bench.ts';
import { fillUp, isRoot, mountSmall, processesOf, read } from './lab.ts';

describe('a job script', () => {
  test('runs its command once and says how it ended', async () => {
    const { token, directory } = attempt({ command: 'echo out; echo err >&2; echo ran >> ran; exit 7' });
    expect(await runJob(directory)).toBe(7);
    expect(read(path.join(directory, 'ran'))).toBe('ran\n');
    expect(read(path.join(directory, 'stdout'))).toBe('out\n');
    expect(read(path.join(directory, 'stderr'))).toBe('err\n');
    expect(endOf(directory)).toEqual({ kind: 'present', value: { kind: 'exited', exitCode: 7 } });
    expect(read(path.join(lab.root, 'events'))).toBe(`claimed ${token}\nended ${token}\n`);
  });

  test('claims with a session of its own, and names the slot', async () => {
    const { directory } = attempt({ command: 'ps -o sid= -p $$ | tr -d " " > sid' });
    await runJob(directory);
    const { claim, slot } = claimOf(directory);
    expect(slot).toBe('gpu 1/slot/0');
    expect(claim).toMatchObject({ kind: 'present', value: { by: 'job', uid: process.getuid?.() } });
    if (claim.kind !== 'present' || claim.value.by !== 'job') return;
    expect(claim.value.session).toBe(claim.value.pid);
    expect(read(path.join(directory, 'sid')).trim()).toBe(String(claim.value.session));
  });

  test('started twice has run once, and the second start says 113', async () => {
    const { directory } = attempt();
    expect(await runJob(directory)).toBe(0);
    expect(await runJob(directory)).toBe(113);
    expect(read(path.join(directory, 'ran'))).toBe('ran\n');
    expect(endOf(directory)).toEqual({ kind: 'present', value: { kind: 'exited', exitCode: 0 } });
  });

  test('started ten times at once has run once', async () => {
    const { directory } = attempt();
    const codes = await Promise.all(Array.from({ length: 10 }, () => runJob(directory)));
    expect(codes.filter((code) => code === 0)).toHaveLength(1);
    expect(codes.filter((code) => code === 113)).toHaveLength(9);
    expect(read(path.join(directory, 'ran'))).toBe('ran\n');
  });

  test.each([
    ['revoked', 'revoked mqi retry\n', 113],
    ['empty', '', 113],
    ['cut', 'job node', 113],
  ])('with a claim that is %s runs nothing', async (_, text, code) => {
    const { directory } = attempt();
    writeFileSync(path.join(directory, 'claim'), text);
    expect(await runJob(directory)).toBe(code);
    expect(existsSync(path.join(directory, 'ran'))).toBe(false);
    expect(existsSync(path.join(directory, 'end'))).toBe(false);
  });

  test('without a manifest, or without its directory, runs nothing', async () => {
    const { directory } = attempt();
    const elsewhere = mkdtempSync(path.join(tmpdir(), 'mqi-spool'));
    writeFileSync(path.join(elsewhere, 'job.sh'), readFileSync(path.join(directory, 'job.sh')));
    rmSync(path.join(directory, 'manifest'));
    expect(await runJob(elsewhere)).toBe(114);
    expect(existsSync(path.join(directory, 'claim'))).toBe(false);
    rmSync(directory, { recursive: true });
    expect(await runJob(elsewhere)).toBe(114);
    rmSync(elsewhere, { recursive: true });
  });

  test('is found by its directory even when the queue starts a copy of it', async () => {
    const { directory } = attempt();
    const spool = mkdtempSync(path.join(tmpdir(), 'mqi-spool'));
    writeFileSync(path.join(spool, 'slurm_script'), readFileSync(path.join(directory, 'job.sh')));
    expect(await exitOf(spawn('sh', [path.join(spool, 'slurm_script')], { cwd: '/' }))).toBe(0);
    expect(read(path.join(directory, 'ran'))).toBe('ran\n');
    rmSync(spool, { recursive: true });
  });

  test('runs when ln does it and says no', async () => {
    const { directory } = attempt();
    const bin = path.join(lab.root, 'bin');
    mkdirSync(bin);
    writeFileSync(path.join(bin, 'ln'), '#!/bin/sh\n/bin/ln "$@"\nexit 1\n');
    chmodSync(path.join(bin, 'ln'), 0o755);
    expect(await runJob(directory, { PATH: `${bin}:${process.env['PATH']!}` })).toBe(0);
    expect(read(path.join(directory, 'ran'))).toBe('ran\n');
    expect(endOf(directory).kind).toBe('present');
  });

  test('runs nothing where there are no hard links', async () => {
    const { directory } = attempt();
    const bin = path.join(lab.root, 'bin');
    mkdirSync(bin);
    writeFileSync(path.join(bin, 'ln'), '#!/bin/sh\nexit 1\n');
    chmodSync(path.join(bin, 'ln'), 0o755);
    expect(await runJob(directory, { PATH: `${bin}:${process.env['PATH']!}` })).toBe(114);
    expect(existsSync(path.join(directory, 'ran'))).toBe(false);
  });

  test('runs where there is no setsid, without a session', async () => {
    const { directory } = attempt();
    const bin = path.join(lab.root, 'bin');
    mkdirSync(bin);
    for (const name of 'sh cat cut date find id kill ln mv readlink rm sleep stat sync tr uname wc'.split(' ')) {
      writeFileSync(path.join(bin, name), `#!/bin/dash\nexec /usr/bin/${name} "$@"\n`);
      chmodSync(path.join(bin, name), 0o755);
    }
    const child = spawn('/bin/sh', [path.join(directory, 'job.sh')], { cwd: '/', env: { PATH: bin } });
    expect(await exitOf(child)).toBe(0);
    expect(claimOf(directory).claim).toMatchObject({ kind: 'present', value: { by: 'job', session: null } });
    expect(endOf(directory).kind).toBe('present');
  });

  test.runIf(isRoot)('on a full disk makes no claim, runs nothing and says 114', async () => {
    const { token, directory } = attempt();
    const script = readFileSync(path.join(directory, 'job.sh'));
    const unmount = mountSmall(directory);
    try {
      writeFileSync(path.join(directory, 'manifest'), '');
      const elsewhere = path.join(lab.root, 'job.sh');
      writeFileSync(elsewhere, script);
      fillUp(path.join(directory, 'fill'));
      expect(await exitOf(spawn('sh', [elsewhere], { cwd: '/' }))).toBe(114);
      expect(existsSync(path.join(directory, 'claim'))).toBe(false);
      expect(processesOf(token)).toEqual([]);
    } finally {
      unmount();
    }
  });
});

describe('a claim and a revocation at once', () => {
  test('have one winner in each of a hundred contests', async () => {
    const wins = { job: 0, revocation: 0 };
    async function hold(contest: number): Promise<void> {
      const { directory } = attempt({ command: 'echo ran >> ran' });
      // the job needs some milliseconds to get to its claim: the revocation comes before, with and after it
      const revoking = spawn('sh', [
        '-c',
        `sleep 0.${String(4 * contest).padStart(3, '0')}; cd "$1" && printf "revoked mqi contest\\n" > r.tmp
        ln r.tmp claim 2> /dev/null; rm -f r.tmp`,
        'sh',
        directory,
      ]);
      const [code] = await Promise.all([runJob(directory), exitOf(revoking)]);
      const { claim } = claimOf(directory);
      if (claim.kind !== 'present') throw new Error('a contest without a winner');
      wins[claim.value.by] += 1;
      expect([claim.value.by, code, read(path.join(directory, 'ran'))]).toEqual(
        claim.value.by === 'job' ? ['job', 0, 'ran\n'] : ['revocation', 113, ''],
      );
    }
    for (let batch = 0; batch < 20; batch += 1) {
      await Promise.all([0, 1, 2, 3, 4].map((contest) => hold(5 * batch + contest)));
    }
    expect(wins.job + wins.revocation).toBe(100);
    expect(Math.min(wins.job, wins.revocation)).toBeGreaterThan(0);
  });
});

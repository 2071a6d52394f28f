import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { jobScript, specProblem } from '../../src/scheduler/job-script.ts';
import { parseClaim, parseEnd } from '../../src/scheduler/receipts.ts';
import type { JobSpec } from '../../src/scheduler/scheduler.ts';
import { createLab, fillUp, isAlive, isRoot, kill, mountSmall, processesOf, read, spec, until } from './lab.ts';
import type { Lab } from './lab.ts';

let lab: Lab;
beforeEach(() => {
  lab = createLab();
});
afterEach(() => lab.close());

/** A staged attempt with its job.sh. */
function attempt(change: Partial<JobSpec> = {}): { readonly token: string; readonly directory: string } {
  const token = lab.token();
  const directory = lab.stage(token);
  writeFileSync(path.join(directory, 'job.sh'), jobScript(spec(token, change), lab.root));
  return { token, directory };
}

function start(directory: string, env: Record<string, string> = {}): ChildProcess {
  return spawn('sh', [path.join(directory, 'job.sh')], { stdio: 'ignore', cwd: '/', env: { ...process.env, ...env } });
}

function exitOf(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => child.once('close', resolve));
}

async function runJob(directory: string, env: Record<string, string> = {}): Promise<number | null> {
  return exitOf(start(directory, env));
}

/** The records of `outputs`: path → size. */
function outputsOf(directory: string): Record<string, number> {
  const records = read(path.join(directory, 'outputs')).split('\0');
  expect(records.pop()).toBe('');
  return Object.fromEntries(
    records.map((record) => {
      const space = record.indexOf(' ');
      return [record.slice(space + 1), Number(record.slice(0, space))];
    }),
  );
}

const endOf = (directory: string) => parseEnd('whole', read(path.join(directory, 'end')).trimEnd());
const claimOf = (directory: string) => parseClaim('whole', read(path.join(directory, 'claim')).trimEnd());

describe('a job script', () => {
  test('runs its command once and says how it ended', async () => {
    const { token, directory } = attempt({ command: ['sh', '-c', 'echo out; echo err >&2; echo ran >> ran; exit 7'] });
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

describe('the command', () => {
  test('as a list is run argument by argument, whatever is in them', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.string({ unit: 'binary', maxLength: 20 }), { maxLength: 4 }), async (drawn) => {
        const words = drawn.map((word) => Buffer.from(word).toString().replaceAll('\0', ''));
        const { directory } = attempt({ command: ['printf', '%s\\0', ...words, '$(echo no) `no` "\'\n*'] });
        expect(await runJob(directory)).toBe(0);
        const expected = [...words, '$(echo no) `no` "\'\n*'].map((word) => `${word}\0`).join('');
        expect(read(path.join(directory, 'stdout'))).toBe(expected);
      }),
      { numRuns: 15 },
    );
  });

  test('as a string is run by sh, in the attempt directory, with its environment and token', async () => {
    const env = { A: `it's "$HOME"`, MQI_TOKEN: 'stolen' };
    const { token, directory } = attempt({ command: 'echo "$A" | cat; echo "$MQI_TOKEN"; pwd', env });
    await runJob(directory);
    expect(read(path.join(directory, 'stdout'))).toBe(`it's "$HOME"\n${token}\n${directory}\n`);
  });

  test('gets nothing on its standard input', async () => {
    const { directory } = attempt({ command: ['cat'] });
    expect(await runJob(directory)).toBe(0);
  });

  test('that cannot be found is a failure of the job', async () => {
    const { directory } = attempt({ command: ['no-such-engine'] });
    expect(await runJob(directory)).toBe(127);
    expect(endOf(directory)).toEqual({ kind: 'present', value: { kind: 'exited', exitCode: 127 } });
    expect(read(path.join(directory, 'stderr'))).toContain('no-such-engine');
  });

  test('that ends by a signal has its name in the end', async () => {
    const { directory } = attempt({ command: 'kill -s SEGV $$' });
    await runJob(directory);
    expect(endOf(directory)).toEqual({ kind: 'present', value: { kind: 'signalled', signal: 'SEGV' } });
  });

  test('gets the TERM that its queue sends to the outer shell, and its end is still written', async () => {
    const { directory } = attempt({ command: 'echo up > up; exec sleep 100' });
    const child = start(directory);
    const exited = exitOf(child);
    await until(() => existsSync(path.join(directory, 'up')));
    child.kill('SIGTERM');
    expect(await exited).toBe(143);
    expect(endOf(directory)).toEqual({ kind: 'present', value: { kind: 'signalled', signal: 'TERM' } });
  });

  test('outlives a SIGKILL of the outer shell', async () => {
    const { token, directory } = attempt({ command: 'echo $$ > up; while [ ! -e go ]; do sleep 0.05; done' });
    const child = start(directory);
    await until(() => read(path.join(directory, 'up')) !== '');
    kill(child.pid!);
    await exitOf(child);
    expect(isAlive(Number(read(path.join(directory, 'up'))))).toBe(true);
    writeFileSync(path.join(directory, 'go'), '');
    await until(() => endOf(directory).kind === 'present' && processesOf(token).length === 0);
    expect(endOf(directory)).toEqual({ kind: 'present', value: { kind: 'exited', exitCode: 0 } });
  });

  test.each([
    ['an empty command', { command: [] }],
    ['an empty text', { command: '' }],
    ['a NUL byte', { command: ['a\0b'] }],
    ['a name that no variable can have', { env: { 'X-Y': '1' } }],
  ])('cannot be made out of %s', (_, change) => {
    expect(specProblem(spec('mqi-i-c-1-r', change))).not.toBeNull();
  });
});

describe('the prologue', () => {
  test('runs before the command, in the same shell', async () => {
    const { directory } = attempt({
      prologue: 'X=1; export X\nset -- a b; cd /',
      command: ['sh', '-c', 'echo $X; pwd'],
    });
    await runJob(directory);
    expect(read(path.join(directory, 'stdout'))).toBe('1\n/\n');
  });

  test.each([
    ['a command that fails', 'no-such-module load cuda\ntrue', 'no-such-module'],
    ['an open quote', 'echo "abc', ''],
    ['a syntax error', 'if true; fi', ''],
    ['an endless here-document', 'cat <<X\n; exit 9', ''],
    ['an exit that says all is well', 'exit 0', ''],
    ['an exit that does not', 'exit 3', ''],
    ['a variable that is not set', 'echo "${NOT_SET?is not set}"', 'NOT_SET'],
  ])('that is wrong (%s) fails the job, and says so in stderr', async (name, prologue, said) => {
    const { directory } = attempt({ prologue, command: 'echo ran > ran' });
    const code = await runJob(directory);
    if (name === 'an endless here-document') {
      // the shell ends the document at the end of the prologue and goes on: it did what it says
      expect(code).toBe(0);
      return;
    }
    expect(code).not.toBe(0);
    expect(existsSync(path.join(directory, 'ran'))).toBe(false);
    expect(endOf(directory)).toEqual({ kind: 'present', value: { kind: 'exited', exitCode: code } });
    expect(read(path.join(directory, 'stderr'))).toContain(said);
    expect(read(path.join(directory, 'stderr'))).toContain('the command was not started');
  });

  test('does not make the command stop at its first failure', async () => {
    const { directory } = attempt({ prologue: 'true', command: 'false; echo on' });
    await runJob(directory);
    expect(read(path.join(directory, 'stdout'))).toBe('on\n');
  });
});

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

import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import type { Observation } from '../../src/domain/observation.ts';
import { judge } from '../../src/scheduler/judge.ts';
import type { Facts, JobSpec, Scheduler } from '../../src/scheduler/scheduler.ts';
import type { RunOptions, RunOutcome, Transport } from '../../src/transport/transport.ts';
import { isAlive, kill, processesOf, read, spec, until } from '../scheduler/lab.ts';
import type { Lab } from '../scheduler/lab.ts';

export interface SchedulerUnderTest {
  readonly lab: Lab;
  /** The queue's group for the test's jobs; null where there is none. */
  readonly queue: string | null;
  /** Schedulers of the same host and installation; `transport` stands in for the lab's own. */
  scheduler(options?: { readonly transport?: Pick<Transport, 'run'>; readonly instance?: string }): Scheduler;
  /** Waits until the queue itself has noticed what became of its jobs. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

const WHY = { who: 'test', why: `it's a "test"` };
const signal = new AbortController().signal;

/** What every scheduler must hold to, run on the real sh and the real queue. */
export function schedulerContract(name: string, make: () => Promise<SchedulerUnderTest>): void {
  describe(`the scheduler ${name}`, () => {
    let sut: SchedulerUnderTest;
    let scheduler: Scheduler;
    let lab: Lab;
    beforeEach(async () => {
      sut = await make();
      lab = sut.lab;
      scheduler = sut.scheduler();
      expect(await scheduler.prepare(signal)).toMatchObject({ kind: 'prepared' });
    });
    afterEach(() => sut.close());

    const specOf = (token: string, change: Partial<JobSpec> = {}): JobSpec =>
      spec(token, { queue: sut.queue, ...change });
    const file = (token: string, name: string): string => path.join(lab.directory(token), name);

    async function create(token: string, change: Partial<JobSpec> = {}, settledTokens: string[] = []) {
      return scheduler.create({ spec: specOf(token, change), settledTokens }, signal);
    }

    /** A job that was created, held. */
    async function held(change: Partial<JobSpec> = {}, token = lab.token()) {
      lab.stage(token);
      const outcome = await create(token, change);
      if (outcome.kind !== 'created') throw new Error(`not created: ${JSON.stringify(outcome)}`);
      return { token, job: outcome.job };
    }

    /** A job whose command has begun. */
    async function started(command: string, change: Partial<JobSpec> = {}) {
      const attempt = await held({ command: `echo $$ > up; ${command}`, ...change });
      expect(await scheduler.release(attempt, signal)).toEqual({ kind: 'released' });
      await until(() => read(file(attempt.token, 'up')) !== '');
      return { ...attempt, payload: Number(read(file(attempt.token, 'up'))) };
    }

    async function factsOf(token: string): Promise<{ facts: Facts; observation: Observation }> {
      const look = await scheduler.look([token], signal);
      if (look.kind === 'blind') throw new Error(`blind: ${look.reason}`);
      return { facts: look.facts[0]!, observation: judge(look.facts[0]!, look.node) };
    }
    const observed = async (token: string): Promise<Observation> => (await factsOf(token)).observation;

    async function become(token: string, kind: Observation['kind']): Promise<Observation> {
      let last: Observation | null = null;
      await until(async () => (last = await observed(token)).kind === kind);
      return last!;
    }

    describe('creates a job', () => {
      test('that is held, and runs only when it is released', async () => {
        const attempt = await held();
        expect(attempt.job.id).not.toBeNull();
        expect(await observed(attempt.token)).toEqual({ kind: 'held' });
        expect(existsSync(file(attempt.token, 'claim'))).toBe(false);
        expect(await scheduler.release(attempt, signal)).toEqual({ kind: 'released' });
        expect(await become(attempt.token, 'ended')).toEqual({ kind: 'ended', end: { kind: 'exited', exitCode: 0 } });
        expect(read(file(attempt.token, 'ran'))).toBe('ran\n');
        expect((await factsOf(attempt.token)).facts).toMatchObject({ slot: 'gpu 1/slot/0', processes: [] });
        expect(read(path.join(lab.root, 'events'))).toBe(`claimed ${attempt.token}\nended ${attempt.token}\n`);
      });

      test('once, when its answer was lost and it is asked again', async () => {
        const attempt = await held();
        expect(await create(attempt.token)).toEqual({ kind: 'created', job: attempt.job });
        expect((await scheduler.list(signal)) as unknown).toMatchObject({ attempts: [{ token: attempt.token }] });
      });

      test('with arguments, prologue and environment as they are', async () => {
        const words = ['a b', `it's`, '"$HOME"', '`x`', 'new\nline', '-n', 'ä', '\\'];
        const attempt = await held({
          command: ['sh', '-c', 'printf "%s\\n" "$P" "$E" "$@"', 'sh', ...words],
          prologue: `P='from the prologue'; export P`,
          env: { E: `it's "$X"` },
        });
        await scheduler.release(attempt, signal);
        await become(attempt.token, 'ended');
        const said = ['from the prologue', `it's "$X"`, ...words].map((word) => `${word}\n`).join('');
        expect(read(file(attempt.token, 'stdout'))).toBe(said);
      });

      test('of which a failed command is an end, not a loss', async () => {
        const attempt = await held({ command: 'exit 7' });
        await scheduler.release(attempt, signal);
        expect(await become(attempt.token, 'ended')).toEqual({ kind: 'ended', end: { kind: 'exited', exitCode: 7 } });
      });

      test('not when an earlier attempt of the case was claimed by its job; then this one never can run', async () => {
        const earlier = await started('exit 0');
        await become(earlier.token, 'ended');
        const token = lab.token('case1', 2);
        lab.stage(token);
        const outcome = await create(token);
        expect(outcome).toMatchObject({ kind: 'refused', hint: 'mqi cases adopt case1' });
        expect(outcome).toMatchObject({ message: expect.stringContaining(earlier.token) as string });
        expect(await observed(token)).toMatchObject({ kind: 'missing' });
        expect(await create(token)).toMatchObject({ kind: 'refused' });
        expect(await scheduler.revoke({ token, job: null }, WHY, signal)).toEqual({ kind: 'revoked' });
      });

      test('beside an earlier attempt that has its proof', async () => {
        const earlier = await started('exit 0');
        await become(earlier.token, 'ended');
        const token = lab.token('case1', 2);
        lab.stage(token);
        expect(await create(token, {}, [earlier.token])).toMatchObject({ kind: 'created' });
      });

      test('and revokes an earlier attempt that nobody has claimed', async () => {
        const earlier = await held();
        const later = await held({}, lab.token('case1', 2));
        await scheduler.release(earlier, signal);
        await scheduler.release(later, signal);
        await become(later.token, 'ended');
        expect(await observed(earlier.token)).toMatchObject({ kind: 'missing' });
        expect(existsSync(file(earlier.token, 'ran'))).toBe(false);
      });

      test('not when an earlier attempt still has a process, even if its directory was purged', async () => {
        const earlier = await started('sleep 100');
        rmSync(lab.directory(earlier.token), { recursive: true });
        const token = lab.token('case1', 2);
        lab.stage(token);
        expect(await create(token)).toMatchObject({ kind: 'refused', hint: 'mqi cases adopt case1' });
      });

      test('not when its files are not there', async () => {
        expect(await create(lab.token())).toMatchObject({ kind: 'refused', hint: null });
      });

      test('beside the attempts of other cases, which it leaves alone', async () => {
        const other = await held({}, lab.token('case', 1));
        await held({}, lab.token('case1', 1));
        expect(await observed(other.token)).toEqual({ kind: 'held' });
      });

      test('not out of a configuration that no shell can run', async () => {
        const token = lab.token();
        lab.stage(token);
        expect(await create(token, { env: { 'A-B': '' } })).toMatchObject({ kind: 'blocked' });
        expect(await create(token, { command: [] })).toMatchObject({ kind: 'blocked' });
      });
    });

    describe('finds a job', () => {
      test('that was created, whose answer was lost', async () => {
        const token = lab.token();
        lab.stage(token);
        const lossy = sut.scheduler({ transport: losing(lab.transport) });
        expect(await lossy.create({ spec: specOf(token), settledTokens: [] }, signal)).toMatchObject({
          kind: 'unknown',
        });
        const found = await scheduler.find(token, signal);
        if (found.kind !== 'found') throw new Error(JSON.stringify(found));
        expect(found.job.id).not.toBeNull();
        await scheduler.release({ token, job: found.job }, signal);
        await become(token, 'ended');
        expect(read(file(token, 'ran'))).toBe('ran\n');
      });

      test('whose answer was cut: it may be there', async () => {
        const token = lab.token();
        lab.stage(token);
        const cut = sut.scheduler({ transport: editing(lab.transport, (stdout) => stdout.replace('done\n', '')) });
        expect(await cut.create({ spec: specOf(token), settledTokens: [] }, signal)).toMatchObject({ kind: 'unknown' });
        expect(await scheduler.find(token, signal)).toMatchObject({ kind: 'found' });
      });

      test('not where there is none; and then it never can be made', async () => {
        const token = lab.token();
        lab.stage(token);
        expect(await scheduler.find(token, signal)).toEqual({ kind: 'absent' });
        expect(await create(token)).toMatchObject({ kind: 'refused' });
        expect(await scheduler.find(token, signal)).toEqual({ kind: 'absent' });
        expect(await observed(token)).toMatchObject({ kind: 'missing' });
      });

      test('not where nothing was uploaded', async () => {
        expect(await scheduler.find(lab.token(), signal)).toEqual({ kind: 'absent' });
      });

      test('by its claim', async () => {
        const attempt = await started('sleep 100');
        expect(await scheduler.find(attempt.token, signal)).toMatchObject({ kind: 'found' });
      });

      test('nothing where the claim cannot be read', async () => {
        const token = lab.token();
        lab.stage(token);
        writeFileSync(file(token, 'claim'), '');
        expect(await scheduler.find(token, signal)).toMatchObject({ kind: 'blind', cause: 'garbled' });
      });
    });

    describe('releases a job', () => {
      test('twice and three times at once, and it runs once', async () => {
        const attempt = await held({ command: 'echo ran >> ran; sleep 0.3' });
        const outcomes = await Promise.all([1, 2, 3].map(() => scheduler.release(attempt, signal)));
        for (const outcome of outcomes) expect(outcome.kind).toBe('released');
        await become(attempt.token, 'executing');
        expect(await scheduler.release(attempt, signal)).toEqual({ kind: 'released' });
        await become(attempt.token, 'ended');
        expect(await scheduler.release(attempt, signal)).toEqual({ kind: 'released' });
        await sut.settle();
        expect(read(file(attempt.token, 'ran'))).toBe('ran\n');
      });

      test('never that was revoked', async () => {
        const attempt = await held();
        expect(await scheduler.revoke(attempt, WHY, signal)).toEqual({ kind: 'revoked' });
        expect(await scheduler.release(attempt, signal)).toEqual({ kind: 'missing' });
        expect(await observed(attempt.token)).toMatchObject({ kind: 'missing' });
        expect(existsSync(file(attempt.token, 'ran'))).toBe(false);
      });

      test('not where there is none', async () => {
        const token = lab.token();
        expect(await scheduler.release({ token, job: null }, signal)).toEqual({ kind: 'missing' });
        lab.stage(token);
        expect(await scheduler.release({ token, job: null }, signal)).toEqual({ kind: 'missing' });
      });
    });

    describe('stops a job', () => {
      test('that is held: it is gone without an end, and never runs', async () => {
        const attempt = await held();
        expect(await scheduler.stop(attempt, WHY, signal)).toMatchObject({ kind: 'gone', end: null });
        expect(await scheduler.release(attempt, signal)).toEqual({ kind: 'missing' });
        expect(await scheduler.stop(attempt, WHY, signal)).toMatchObject({ kind: 'gone', end: null });
        await sut.settle();
        expect(existsSync(file(attempt.token, 'ran'))).toBe(false);
        expect(existsSync(file(attempt.token, 'end'))).toBe(false);
      });

      test('that executes: it ends by TERM, and its own end stands', async () => {
        const attempt = await started('echo result > result; exec sleep 100');
        const end = { kind: 'signalled', signal: 'TERM' };
        expect(await scheduler.stop(attempt, WHY, signal)).toMatchObject({ kind: 'gone', end });
        expect(processesOf(attempt.token)).toEqual([]);
        expect(read(file(attempt.token, 'outputs'))).toContain('./result\0');
        expect(await scheduler.stop(attempt, WHY, signal)).toMatchObject({ kind: 'gone', end });
      });

      test('that ignores TERM', async () => {
        const attempt = await started(`trap '' TERM; while :; do sleep 0.1; done`);
        const end = { kind: 'signalled', signal: 'KILL' };
        expect(await scheduler.stop(attempt, WHY, signal)).toMatchObject({ kind: 'gone', end });
        expect(isAlive(attempt.payload)).toBe(false);
      });

      test('that is stopped by a signal', async () => {
        const attempt = await started('exec sleep 100');
        kill(attempt.payload, 'SIGSTOP');
        const end = { kind: 'signalled', signal: 'TERM' };
        expect(await scheduler.stop(attempt, WHY, signal)).toMatchObject({ kind: 'gone', end });
        expect(isAlive(attempt.payload)).toBe(false);
      });

      test('that has ended by itself: its end stands', async () => {
        const attempt = await started('exit 3');
        await become(attempt.token, 'ended');
        const end = { kind: 'exited', exitCode: 3 };
        expect(await scheduler.stop(attempt, WHY, signal)).toMatchObject({ kind: 'gone', end });
      });

      test('twice at once', async () => {
        const attempt = await started('exec sleep 100');
        const stopped = await Promise.all([1, 2].map(() => scheduler.stop(attempt, WHY, signal)));
        for (const outcome of stopped) expect(outcome.kind).toBe('gone');
      });

      test('whose child has a session of its own', async () => {
        const attempt = await started(
          `setsid sh -c 'echo $$ > child; exec sleep 100' & while [ ! -s child ]; do sleep 0.02; done`,
        );
        expect(await become(attempt.token, 'lingering')).toEqual({ kind: 'lingering' });
        const end = { kind: 'exited', exitCode: 0 };
        expect(await scheduler.stop(attempt, WHY, signal)).toMatchObject({ kind: 'gone', end });
        expect(isAlive(Number(read(file(attempt.token, 'child'))))).toBe(false);
      });

      test('whose child has lost its environment, and is found by the session', async () => {
        const attempt = await started(
          `env -i sh -c 'echo $$ > child; exec sleep 100' & while [ ! -s child ]; do sleep 0.02; done`,
        );
        await until(() => read(file(attempt.token, 'child')) !== '');
        const child = Number(read(file(attempt.token, 'child')));
        expect(processesOf(attempt.token)).not.toContain(child);
        await become(attempt.token, 'lingering');
        expect((await factsOf(attempt.token)).facts.processes).toEqual([child]);
        expect(await scheduler.stop(attempt, WHY, signal)).toMatchObject({ kind: 'gone' });
        expect(isAlive(child)).toBe(false);
      });

      test('whose wrappers were killed while its payload lives', async () => {
        const attempt = await started(`trap '' TERM; while :; do sleep 0.1; done`);
        for (const pid of wrappersOf(attempt.token, attempt.payload)) kill(pid);
        await sut.settle();
        expect(await observed(attempt.token)).toEqual({ kind: 'executing' });
        expect(await scheduler.stop(attempt, WHY, signal)).toMatchObject({ kind: 'gone', end: { kind: 'lost' } });
        expect(isAlive(attempt.payload)).toBe(false);
        expect(await observed(attempt.token)).toEqual({ kind: 'ended', end: { kind: 'lost' } });
      });

      test('of which every process was killed: it is missing, and then lost', async () => {
        const attempt = await started('exec sleep 100');
        await until(() => {
          const left = processesOf(attempt.token);
          for (const pid of left) kill(pid);
          return left.length === 0;
        });
        await sut.settle();
        expect(await observed(attempt.token)).toMatchObject({ kind: 'missing' });
        expect(await scheduler.stop(attempt, WHY, signal)).toMatchObject({ kind: 'gone', end: { kind: 'lost' } });
      });

      test('whose directory was purged: the slot is kept until its processes are gone', async () => {
        const attempt = await started(`trap '' TERM; while :; do sleep 0.1; done`);
        rmSync(lab.directory(attempt.token), { recursive: true });
        expect(await observed(attempt.token)).toEqual({ kind: 'executing' });
        // what cannot be ended is not gone
        const powerless = sut.scheduler({ transport: without('kill', lab.transport) });
        expect(await powerless.stop(attempt, WHY, signal)).toMatchObject({ kind: 'not_yet' });
        expect(isAlive(attempt.payload)).toBe(true);
        await until(async () => (await scheduler.stop(attempt, WHY, signal)).kind === 'gone');
        expect(isAlive(attempt.payload)).toBe(false);
        expect(existsSync(lab.directory(attempt.token))).toBe(false);
      });

      test('whose directory was purged and made anew: a claim won there proves nothing', async () => {
        const attempt = await started(`trap '' TERM; while :; do sleep 0.1; done`);
        rmSync(lab.directory(attempt.token), { recursive: true });
        mkdirSync(lab.directory(attempt.token));
        expect(await observed(attempt.token)).toEqual({ kind: 'executing' });
        expect(await scheduler.revoke(attempt, WHY, signal)).toEqual({ kind: 'claimed' });
        const powerless = sut.scheduler({ transport: without('kill', lab.transport) });
        expect(await powerless.stop(attempt, WHY, signal)).toMatchObject({ kind: 'not_yet' });
        await until(async () => (await scheduler.stop(attempt, WHY, signal)).kind === 'gone');
        expect(isAlive(attempt.payload)).toBe(false);
      });

      test('of whose directory only a part is left', async () => {
        const attempt = await held();
        rmSync(file(attempt.token, 'manifest'));
        expect(await observed(attempt.token)).toMatchObject({ kind: 'missing' });
        expect(await scheduler.stop(attempt, WHY, signal)).toMatchObject({ kind: 'gone', end: null });
        expect(await scheduler.release(attempt, signal)).toEqual({ kind: 'missing' });
      });

      test('with an unreadable claim: never gone, and says why', async () => {
        const token = lab.token();
        lab.stage(token);
        writeFileSync(file(token, 'claim'), '');
        const outcome = await scheduler.stop({ token, job: null }, WHY, signal);
        expect(outcome).toMatchObject({ kind: 'not_yet', reason: expect.stringContaining('claim') as string });
        expect(await observed(token)).toMatchObject({ kind: 'unknown' });
      });

      test('that was claimed on another node: never gone, and says where', async () => {
        const attempt = await held();
        const claim = 'job node-9 11111111-2222-3333-4444-555555555555 4026531836 0 5 5 7 gpu/0\n';
        writeFileSync(file(attempt.token, 'claim'), claim);
        const outcome = await scheduler.stop(attempt, WHY, signal);
        expect(outcome).toMatchObject({ kind: 'not_yet', reason: expect.stringContaining('node-9') as string });
        expect(existsSync(file(attempt.token, 'end'))).toBe(false);
      });

      test('whose node was booted since it claimed: gone and lost', async () => {
        const attempt = await started('exit 0');
        await become(attempt.token, 'ended');
        const claim = read(file(attempt.token, 'claim')).split(' ');
        claim[2] = '00000000-0000-0000-0000-000000000000';
        writeFileSync(file(attempt.token, 'claim'), claim.join(' '));
        rmSync(file(attempt.token, 'end'));
        expect(await observed(attempt.token)).toMatchObject({ kind: 'missing' });
        expect(await scheduler.stop(attempt, WHY, signal)).toMatchObject({ kind: 'gone', end: { kind: 'lost' } });
      });
    });

    describe('looks', () => {
      test('at nothing, or at a thousand attempts, by one command', async () => {
        const known = await held();
        const unknown = Array.from({ length: 999 }, (_, index) => lab.token(`other${index}`));
        lab.commands.length = 0;
        expect(await scheduler.look([], signal)).toMatchObject({ kind: 'looked', facts: [] });
        expect(lab.commands).toHaveLength(1);
        const look = await scheduler.look([known.token, ...unknown], signal);
        expect(lab.commands).toHaveLength(2);
        if (look.kind === 'blind') throw new Error(look.reason);
        expect(look.facts.map((facts) => facts.token)).toEqual([known.token, ...unknown]);
        expect(look.facts[1]).toMatchObject({ directory: 'absent', queue: { kind: 'absent' }, job: null });
        expect(judge(look.facts[0]!, look.node)).toEqual({ kind: 'held' });
      });

      test('and sees the end of a job that ends while it looks', async () => {
        const attempt = await started('while [ ! -e go ]; do sleep 0.02; done');
        const directory = lab.directory(attempt.token);
        // between its receipts and its processes the job ends, and its shells leave
        const pause = `touch '${directory}/go'; until [ -e '${directory}/end' ]; do sleep 0.02; done; sleep 0.5\nnewline=`;
        const transport = rewriting(lab.transport, (command) => command.replace('newline=', pause));
        const look = await sut.scheduler({ transport }).look([attempt.token], signal);
        if (look.kind === 'blind') throw new Error(look.reason);
        expect(judge(look.facts[0]!, look.node)).toEqual({ kind: 'ended', end: { kind: 'exited', exitCode: 0 } });
      });

      test('and does not miss a job that claims while it looks', async () => {
        const attempt = await held({ command: 'exec sleep 100' });
        const directory = lab.directory(attempt.token);
        const pause = `until [ -e '${directory}/claim' ]; do sleep 0.02; done\nnewline=`;
        const transport = rewriting(lab.transport, (command) => command.replace('newline=', pause));
        const looking = sut.scheduler({ transport }).look([attempt.token], signal);
        await scheduler.release(attempt, signal);
        const look = await looking;
        if (look.kind === 'blind') throw new Error(look.reason);
        expect(['queued', 'executing']).toContain(judge(look.facts[0]!, look.node).kind);
      });

      test.each(['before', 'after'])(
        'and leaves a stranger alone that took the number of an old session %s it',
        async (when) => {
          const attempt = await started('exit 0');
          await become(attempt.token, 'ended');
          const stranger = spawn('sh', ['-c', 'sleep 100 & wait'], { stdio: 'ignore', detached: true });
          const pid = stranger.pid!;
          try {
            await until(() => read(`/proc/${pid}/stat`).split(' ')[5] === String(pid));
            const claim = read(file(attempt.token, 'claim')).split(' ');
            claim[5] = claim[6] = String(pid);
            // the clock ticks since boot, at which the session of the claim began
            if (when === 'before') claim[7] = String(Number(claim[7]) + 1_000_000);
            writeFileSync(file(attempt.token, 'claim'), claim.join(' '));
            rmSync(file(attempt.token, 'end'));
            expect((await factsOf(attempt.token)).facts.processes).toEqual([]);
            expect(await scheduler.stop(attempt, WHY, signal)).toMatchObject({ kind: 'gone', end: { kind: 'lost' } });
            expect(isAlive(pid)).toBe(true);
          } finally {
            process.kill(-pid, 'SIGKILL');
          }
        },
      );

      test('and is blind, not wrong, when an answer is cut, odd or lost', async () => {
        const attempt = await started('exec sleep 100');
        for (const cut of [0, 3, 50, 150]) {
          const transport = editing(lab.transport, (stdout) => stdout.slice(0, cut));
          expect(await sut.scheduler({ transport }).look([attempt.token], signal)).toMatchObject({
            kind: 'blind',
            cause: 'garbled',
          });
        }
        const unscanned = editing(lab.transport, (stdout) => stdout.replace('\nscanned\n', '\n'));
        expect(await sut.scheduler({ transport: unscanned }).look([attempt.token], signal)).toMatchObject({
          kind: 'blind',
        });
        const noisy = editing(lab.transport, (stdout) => stdout.replace('\nscanned\n', '\nWelcome!\nscanned\n'));
        expect(await sut.scheduler({ transport: noisy }).look([attempt.token], signal)).toMatchObject({
          kind: 'blind',
        });
        const lost = sut.scheduler({ transport: losing(lab.transport) });
        expect(await lost.look([attempt.token], signal)).toMatchObject({ kind: 'blind', cause: 'link' });
      });

      test('and is blind where grep cannot search the environments', async () => {
        const attempt = await started('exec sleep 100');
        const transport = without('grep', lab.transport);
        expect(await sut.scheduler({ transport }).look([attempt.token], signal)).toMatchObject({
          kind: 'blind',
          cause: 'garbled',
        });
        expect(await sut.scheduler({ transport }).stop(attempt, WHY, signal)).toMatchObject({ kind: 'blind' });
        expect(isAlive(attempt.payload)).toBe(true);
      });

      test('and is blind when its root is not there, or is somebody else’s', async () => {
        const attempt = await held();
        const other = sut.scheduler({ instance: 'other1' });
        const outcome = await other.prepare(signal);
        expect(outcome).toMatchObject({ kind: 'blind', reason: expect.stringContaining(lab.instance) as string });
        expect(outcome).toMatchObject({ reason: expect.stringContaining('mqi hosts takeover host1') as string });
        expect(await other.list(signal)).toMatchObject({ kind: 'blind' });
        renameSync(path.join(lab.root, 'attempts'), path.join(lab.root, 'unmounted'));
        expect(await scheduler.look([attempt.token], signal)).toMatchObject({ kind: 'blind', cause: 'garbled' });
        expect(await scheduler.stop(attempt, WHY, signal)).toMatchObject({ kind: 'blind' });
        expect(await scheduler.find(attempt.token, signal)).toMatchObject({ kind: 'blind' });
      });
    });

    describe('revokes', () => {
      test('what has not started, twice', async () => {
        const attempt = await held();
        expect(await scheduler.revoke(attempt, WHY, signal)).toEqual({ kind: 'revoked' });
        expect(await scheduler.revoke({ ...attempt, job: null }, WHY, signal)).toEqual({ kind: 'revoked' });
      });

      test('not what runs or has run, and leaves it alone', async () => {
        const attempt = await started('exec sleep 100');
        expect(await scheduler.revoke(attempt, WHY, signal)).toEqual({ kind: 'claimed' });
        expect(await observed(attempt.token)).toEqual({ kind: 'executing' });
      });

      test('what has no directory, unless a process of it is there', async () => {
        const token = lab.token('other');
        expect(await scheduler.revoke({ token, job: null }, WHY, signal)).toEqual({ kind: 'revoked' });
        const attempt = await started('exec sleep 100');
        rmSync(lab.directory(attempt.token), { recursive: true });
        expect(await scheduler.revoke(attempt, WHY, signal)).toEqual({ kind: 'claimed' });
      });
    });

    describe('keeps house', () => {
      test('lists what carries the name of its installation, and nothing else', async () => {
        const attempt = await held();
        mkdirSync(path.join(lab.root, 'attempts', 'mqi-other-c-1-r'));
        mkdirSync(path.join(lab.root, 'attempts', `mqi-${lab.instance}-odd name`));
        const staged = lab.token('case2');
        mkdirSync(path.join(lab.root, 'staging', staged));
        const listed = await scheduler.list(signal);
        expect(listed).toEqual({
          kind: 'listed',
          attempts: [{ token: attempt.token, parts: expect.objectContaining({ caseId: 'case1' }) as unknown }],
          staging: [staged],
        });
        expect(await scheduler.sweepStaging([staged], signal)).toEqual({ kind: 'swept' });
        expect(readdirSync(path.join(lab.root, 'staging'))).toEqual([]);
      });

      test('removes what an attempt left, and a late start of it runs nothing', async () => {
        const attempt = await started('mkdir closed; echo x > closed/file; chmod 0 closed');
        await become(attempt.token, 'ended');
        await sut.settle();
        expect(await scheduler.remove(attempt, signal)).toEqual({ kind: 'removed' });
        expect(existsSync(lab.directory(attempt.token))).toBe(false);
        expect(await scheduler.remove(attempt, signal)).toEqual({ kind: 'removed' });
        expect(await scheduler.list(signal)).toMatchObject({ attempts: [] });
        expect(await scheduler.release(attempt, signal)).toEqual({ kind: 'missing' });
      });

      test('removes the claim last', async () => {
        const attempt = await held();
        await scheduler.revoke(attempt, WHY, signal);
        const seen = lab.directory(attempt.token);
        // a removal that is cut before its last step
        const cut = sut.scheduler({
          transport: rewriting(lab.transport, (command) =>
            command.replace('rm -f "$directory/claim" && rmdir', 'false && rmdir'),
          ),
        });
        expect(await cut.remove(attempt, signal)).toMatchObject({ kind: 'blind' });
        expect(readdirSync(seen)).toEqual(['claim']);
        expect(await scheduler.remove(attempt, signal)).toEqual({ kind: 'removed' });
      });

      test('touches no name that is not a token of its own', async () => {
        const names = ['mqi-other-c-1-r', '../../etc', `mqi-${lab.instance}-c-1-r; touch x`, ''];
        for (const token of names) {
          const attempt = { token, job: null };
          expect(await scheduler.look([token], signal)).toMatchObject({ kind: 'blind' });
          expect(await scheduler.remove(attempt, signal)).toMatchObject({ kind: 'blind' });
          expect(await scheduler.stop(attempt, WHY, signal)).toMatchObject({ kind: 'blind' });
          expect(await scheduler.sweepStaging([token], signal)).toMatchObject({ kind: 'blind' });
        }
      });

      test('prepares again and again, and says when the root cannot be written', async () => {
        expect(await scheduler.prepare(signal)).toMatchObject({ kind: 'prepared' });
        const hostile = sut.scheduler({
          transport: rewriting(lab.transport, (command) => command.replace(/^root=.*$/m, 'root=/proc/mqi')),
        });
        expect(await hostile.prepare(signal)).toMatchObject({ kind: 'blind', cause: 'garbled' });
        chmodSync(lab.root, 0o755);
      });
    });

    test('killed in the middle of any command and asked again, a job runs once and is proven gone', async () => {
      for (let round = 0; round < 8; round += 1) {
        const cutting = (): Scheduler => sut.scheduler({ transport: lab.cut(round * 6) });
        const token = lab.token(`case${round}`);
        lab.stage(token);
        const request = { spec: specOf(token, { command: 'echo ran >> ran; exec sleep 100' }), settledTokens: [] };
        await cutting().create(request, signal);
        const found = await scheduler.find(token, signal);
        const attempt = { token, job: found.kind === 'found' ? found.job : null };
        await cutting().release(attempt, signal);
        const released = await scheduler.release(attempt, signal);
        expect(released.kind).toBe(found.kind === 'found' ? 'released' : 'missing');
        if (found.kind === 'found') await until(() => read(file(token, 'ran')) !== '');
        await cutting().stop(attempt, WHY, signal);
        expect(await scheduler.stop(attempt, WHY, signal)).toMatchObject({ kind: 'gone' });
        expect(read(file(token, 'ran'))).toBe(found.kind === 'found' ? 'ran\n' : '');
        expect(processesOf(token)).toEqual([]);
        await cutting().remove(attempt, signal);
        await sut.settle();
        expect(await scheduler.remove(attempt, signal)).toEqual({ kind: 'removed' });
        expect(await scheduler.list(signal)).toMatchObject({ attempts: [] });
      }
    });

    test('no operation rejects when the link is gone, and nothing is concluded', async () => {
      const attempt = await started('exec sleep 100');
      for (const sent of [true, false]) {
        const dead = sut.scheduler({
          transport: { run: () => Promise.resolve({ kind: 'unknown', sent, reason: 'cut' }) },
        });
        const token = lab.token('case9');
        expect(await dead.create({ spec: specOf(token), settledTokens: [] }, signal)).toMatchObject(
          sent ? { kind: 'unknown' } : { kind: 'blind', cause: 'link' },
        );
        const rest = [
          dead.prepare(signal),
          dead.find(token, signal),
          dead.release(attempt, signal),
          dead.stop(attempt, WHY, signal),
          dead.revoke(attempt, WHY, signal),
          dead.look([attempt.token], signal),
          dead.list(signal),
          dead.remove(attempt, signal),
          dead.sweepStaging([attempt.token], signal),
        ];
        for (const outcome of await Promise.all(rest)) expect(outcome).toMatchObject({ kind: 'blind', cause: 'link' });
      }
      expect(isAlive(attempt.payload)).toBe(true);
    });
  });
}

type Run = Pick<Transport, 'run'>;

/** The command runs, its answer does not come back. */
function losing(transport: Run): Run {
  return {
    run: async (command, options) => {
      await transport.run(command, options);
      return { kind: 'unknown', sent: true, reason: 'the answer was lost' };
    },
  };
}

function editing(transport: Run, edit: (stdout: string) => string): Run {
  return {
    run: async (command: string, options: RunOptions): Promise<RunOutcome> => {
      const outcome = await transport.run(command, options);
      return outcome.kind === 'done' ? { ...outcome, stdout: edit(outcome.stdout) } : outcome;
    },
  };
}

function rewriting(transport: Run, rewrite: (command: string) => string): Run {
  return { run: (command, options) => transport.run(rewrite(command), options) };
}

/** A host whose `word` does nothing. */
function without(word: 'kill' | 'grep', transport: Run): Run {
  return rewriting(transport, (command) =>
    word === 'kill' ? `kill() { return 1; }\n${command}` : command.replaceAll('xargs grep', 'xargs true grep'),
  );
}

/** The job's own shells: all with the token that are not the payload or below it. */
function wrappersOf(token: string, payload: number): number[] {
  return processesOf(token).filter((pid) => pid !== payload && parentOf(pid) !== payload);
}

function parentOf(pid: number): number {
  return Number(/^PPid:\s+(\d+)$/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0);
}

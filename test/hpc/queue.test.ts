import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, onTestFinished, test } from 'vitest';

import { jobProcesses } from '../lab/jobs.ts';
import { PUEUE_VERSIONS } from '../lab/pueue.ts';
import { COMPUTES, createHpc, describeOnHpc, waitsFor, whyStraceIsMissing } from './lab.ts';
import type { Hpc } from './lab.ts';

/** What a power cut leaves of a host: no process of a job. */
async function killJobs(hpc: Hpc): Promise<void> {
  await hpc.eventually('the jobs are dead', () => {
    const left = jobProcesses(hpc.root);
    for (const pid of left) process.kill(pid, 'SIGKILL');
    return left.length === 0;
  });
}

for (const version of PUEUE_VERSIONS) {
  describeOnHpc(`with pueue ${version}`, { version }, () => {
    test('a task that was cleaned away before we looked: the case completes, by its receipt', async () => {
      const hpc = await createHpc({ version });
      hpc.drop('case', hpc.counting('case', waitsFor(hpc, 'go')), { data: 'dose' });
      hpc.start();
      await hpc.in('case', 'executing');
      // the next look waits for the status, until the task has ended and was cleaned away
      hpc.trap(
        `case " $* " in *" status "*) : > '${hpc.file('asked')}'; until [ -e '${hpc.file('cleaned')}' ]; do sleep 0.05; done ;; esac`,
      );
      await hpc.appears('asked');
      writeFileSync(hpc.file('go'), '');
      await hpc.queue.pueue('wait', '--quiet', '--group', 'gpu0');
      await hpc.queue.pueue('clean');
      expect(await hpc.tasks()).toEqual([]);
      expect(hpc.caseOf('case').phase).toBe('executing');
      writeFileSync(hpc.file('cleaned'), '');
      expect((await hpc.final('case')).state).toBe('completed');
      expect(hpc.dose('case')).toBe('dose');
      expect(hpc.runs('case')).toBe(1);
    });

    test('`pueue reset`, after which numbers begin again: no verdict, no second job, and no order or result of one case meets the other', async () => {
      const hpc = await createHpc({ version, groups: ['gpu0', 'gpu1'] });
      hpc.drop('old', hpc.counting('old', waitsFor(hpc, 'go')), { data: 'dose of old' });
      hpc.start();
      const old = await hpc.in('old', 'executing');
      await hpc.queue.pueue('reset', '--force');
      await hpc.eventually('it is reset', async () => (await hpc.tasks()).length === 0);
      await hpc.nextLook();
      expect(hpc.caseOf('old').phase).toBe('executing');

      hpc.drop('new', hpc.counting('new', waitsFor(hpc, 'go')), { data: 'dose of new' });
      const young = await hpc.in('new', 'executing');
      expect(young.jobId).toBe(old.jobId);
      expect(young.slot).not.toBe(old.slot);
      await hpc.nextLook();
      expect(hpc.caseOf('old').phase).toBe('executing');

      expect(await hpc.order({ kind: 'cancel', caseId: old.id })).toMatchObject({ outcome: 'done' });
      expect((await hpc.final('old')).failure?.kind).toBe('cancelled');
      expect(hpc.caseOf('new').phase).toBe('executing');
      writeFileSync(hpc.file('go'), '');
      expect((await hpc.final('new')).state).toBe('completed');
      expect(hpc.dose('new')).toBe('dose of new');
      expect([hpc.runs('old'), hpc.runs('new')]).toEqual([1, 1]);
      expect(existsSync(join(hpc.results, 'old', 'attempt-1', 'output'))).toBe(false);
    });

    test('pueued killed and restarted calls a living job killed and pauses its group: no wrong verdict, no second job, and `mqi why` names the group', async () => {
      const hpc = await createHpc({ version });
      hpc.drop('first', hpc.counting('first', waitsFor(hpc, 'go')), { data: 'dose of first' });
      hpc.start();
      await hpc.in('first', 'executing');
      // somebody else's task waits in the group: so the restarted daemon pauses it
      await hpc.queue.pueue('add', '--group', 'gpu0', '--', 'true');
      await hpc.queue.end('SIGKILL');
      await hpc.until('the host is blind', () => hpc.caseOf('first').blindCause === 'queue');
      await hpc.queue.start();
      await hpc.until('the host is seen again', () => hpc.caseOf('first').blindCause === null);
      expect(hpc.caseOf('first').phase).toBe('executing');
      const token = hpc.caseOf('first').token;
      expect((await hpc.tasks()).find((task) => task.label === token)?.status).toBe('Done');

      hpc.drop('second', hpc.counting('second', COMPUTES), { data: 'dose of second' });
      await hpc.in('second', 'staged');
      await hpc.nextLook();
      expect(hpc.slots()).toMatchObject([{ state: 'leased', caseId: hpc.caseOf('first').id }]);
      writeFileSync(hpc.file('go'), '');
      expect((await hpc.final('first')).state).toBe('completed');
      expect(hpc.dose('first')).toBe('dose of first');

      await hpc.in('second', 'queued');
      const why = await hpc.eventually('why names the group', async () => {
        const { out } = await hpc.mqi('why', 'second');
        return out.includes('gpu0 is paused') ? out : null;
      });
      expect(why).toContain('pueue start -g gpu0');
      await hpc.queue.pueue('start', '--group', 'gpu0');
      expect((await hpc.final('second')).state).toBe('completed');
      expect([hpc.runs('first'), hpc.runs('second')]).toEqual([1, 1]);
    });

    test.each(['nothing', 'an older state'])(
      'a power cut of the host that leaves %s of the queue: the case is lost, and its retry and all that wait are held until the groups are back',
      async (left) => {
        const hpc = await createHpc({ version });
        const state = join(hpc.queue.dataDirectory, 'state.json');
        await hpc.queue.pueue('add', '--stashed', '--', 'true');
        copyFileSync(state, hpc.file('older'));
        hpc.drop('case', hpc.counting('case', `[ ! -e '${hpc.file('cut')}' ] && sleep 600; ${COMPUTES}`), {
          data: 'dose',
        });
        hpc.start();
        await hpc.in('case', 'executing');
        writeFileSync(hpc.file('cut'), '');
        await hpc.queue.end('SIGKILL');
        await killJobs(hpc);
        rmSync(state);
        if (left === 'an older state') copyFileSync(hpc.file('older'), state);
        await hpc.queue.start();
        if (left === 'an older state') await hpc.queue.pueue('group', 'remove', 'gpu0');

        const lost = await hpc.final('case');
        expect(lost.failure).toMatchObject({ kind: 'job_lost' });
        expect(lost.failure?.hint).toContain(`mqi cases retry ${lost.id}`);
        await hpc.until('the slot is free', () => hpc.slots()[0]?.state === 'free');

        const adds = (): number => hpc.calls().filter((call) => call.includes(' add ')).length;
        const before = adds();
        const { code, out } = await hpc.mqi('cases', 'retry', lost.id, '--why', 'the host is back');
        expect(code, out).toBe(0);
        const blocked = await hpc.until('the retry is blocked', () => hpc.caseOf('case').blocked);
        expect(blocked).toMatch(/pueue has no group gpu0 .*: on the host, \S+ -c \S+ group add gpu0/);
        expect(hpc.caseOf('case').phase).toBe('creating');
        expect((await hpc.mqi('why', 'case')).out).toContain('group add gpu0');
        hpc.drop('next', hpc.counting('next', COMPUTES), { data: 'dose of next' });
        await hpc.in('next', 'staged');
        await hpc.nextLook();
        expect([hpc.caseOf('case').phase, hpc.caseOf('next').phase, adds()]).toEqual(['creating', 'staged', before]);

        await hpc.queue.pueue('group', 'add', 'gpu0');
        await hpc.until('completed', () => hpc.caseOf('case').state === 'completed');
        expect((await hpc.final('next')).state).toBe('completed');
        expect([hpc.dose('case', 2), hpc.dose('next')]).toEqual(['dose', 'dose of next']);
        expect([hpc.runs('case'), hpc.runs('next')]).toEqual([2, 1]);
      },
    );
  });

  describeOnHpc(`with pueue ${version} and strace`, { version, programs: [whyStraceIsMissing()] }, () => {
    test('pueued killed between starting a job and saving that it did, restarted, and told to start it again: the job ran once', async () => {
      const hpc = await createHpc({ version });
      hpc.drop('case', hpc.counting('case', waitsFor(hpc, 'go')), { data: 'dose' });
      hpc.trap(
        `case " $* " in *" enqueue "*) : > '${hpc.file('enqueuing')}'; until [ -e '${hpc.file('traced')}' ]; do sleep 0.05; done ;; esac`,
      );
      hpc.start();
      await hpc.appears('enqueuing');
      const killed = await killAtNextSave(hpc);
      writeFileSync(hpc.file('traced'), '');
      await killed();
      await hpc.eventually('the job runs', () => hpc.runs('case') === 1);
      await hpc.queue.start();
      expect((await hpc.tasks()).map((task) => task.status)).toEqual(['Stashed']);
      await hpc.in('case', 'executing');

      await hpc.queue.pueue('enqueue', '0');
      await hpc.queue.pueue('start', '--group', 'gpu0');
      await hpc.eventually('the second start is over', async () => (await hpc.tasks())[0]?.status === 'Done');
      await hpc.nextLook();
      expect(hpc.caseOf('case').phase).toBe('executing');
      writeFileSync(hpc.file('go'), '');
      expect((await hpc.final('case')).state).toBe('completed');
      expect(hpc.dose('case')).toBe('dose');
      expect(hpc.runs('case')).toBe(1);
    });
  });
}

/**
 * Kills pueued as it renames its state for the next time: what it did since the last save is forgotten. Returns what
 * ends the trap: it follows the jobs too, whose renames must not kill them.
 */
async function killAtNextSave(hpc: Hpc): Promise<() => Promise<void>> {
  const calls = 'rename,renameat,renameat2';
  const options = ['-f', '-e', `trace=${calls}`, '-e', `inject=${calls}:signal=KILL:when=1`];
  const tracer = spawn('strace', [...options, '-p', String(hpc.queue.pid)], { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = once(tracer, 'exit');
  onTestFinished(() => void tracer.kill());
  let said = '';
  tracer.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await hpc.eventually('strace is attached', () => said.includes('attached'));
  return async () => {
    await hpc.queue.ended();
    tracer.kill();
    await ended;
  };
}

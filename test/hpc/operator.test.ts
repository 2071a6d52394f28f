import { writeFileSync } from 'node:fs';

import { expect, test } from 'vitest';

import { jobProcesses } from '../lab/jobs.ts';
import { PUEUE_VERSIONS } from '../lab/pueue.ts';
import { COMPUTES, createHpc, describeOnHpc, waitsFor } from './lab.ts';

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

for (const version of PUEUE_VERSIONS) {
  describeOnHpc(`with pueue ${version} an operator`, { version }, () => {
    test('who lets a job go between its creation and our commit makes an orphan: failed (interrupted), its slot kept until it is dealt with, listed, and completed by adopt', async () => {
      const hpc = await createHpc({ version });
      hpc.drop('case', hpc.counting('case', waitsFor(hpc, 'go')), { data: 'dose of case' });
      const first = hpc.start({ failPoints: 'commit.before.job.created=kill' });
      expect((await first.exited).signal).toBe('SIGKILL');
      expect(hpc.caseOf('case').phase).toBe('creating');
      // as one types it; 3.4 wants to know which
      await hpc.queue.pueue('enqueue', ...(version === '3.4.1' ? ['0'] : ['--group', 'gpu0']));
      await hpc.eventually('the job runs', () => hpc.runs('case') === 1);

      hpc.drop('other', hpc.counting('other', COMPUTES), { data: 'dose of other' });
      hpc.start();
      const failed = await hpc.final('case');
      expect(failed.failure).toMatchObject({ kind: 'interrupted' });
      await hpc.in('other', 'staged');
      const kept = await hpc.until('the slot is kept', () => hpc.slots().find((slot) => slot.state === 'quarantined'));
      expect(kept.reason).toContain('may still run');
      await hpc.nextLook();
      expect(hpc.caseOf('other').phase).toBe('staged');
      expect(hpc.runs('other')).toBe(0);
      const orphans = await hpc.mqi('orphans');
      expect(orphans.out).toContain(failed.id);
      expect((await hpc.mqi('why', 'other')).out).toMatch(/gpu0 is quarantined/);
      const why = await hpc.mqi('why', 'case');
      expect(why.out).toMatch(/interrupted.*its job is executing/);
      expect(why.out).toContain(`mqi cases adopt ${failed.id}`);

      const adopted = await hpc.mqi('cases', 'adopt', failed.id, '--why', 'it ran all the same');
      expect(adopted.code, adopted.err).toBe(0);
      await hpc.in('case', 'executing');
      expect(hpc.slots()).toMatchObject([{ state: 'leased', caseId: failed.id }]);
      writeFileSync(hpc.file('go'), '');
      expect((await hpc.final('case')).state).toBe('completed');
      expect(hpc.dose('case')).toBe('dose of case');
      expect((await hpc.final('other')).state).toBe('completed');
      expect([hpc.runs('case'), hpc.runs('other')]).toEqual([1, 1]);
      expect((await hpc.mqi('orphans')).out).not.toContain(failed.id);
    });

    test('who pauses a job in pueue stops its shell only, and `mqi why` says so; who stops its processes stops its clock', async () => {
      const hpc = await createHpc({ version });
      hpc.drop('case', hpc.counting('case', waitsFor(hpc, 'go')), { data: 'dose of case' });
      hpc.start();
      await hpc.in('case', 'executing');
      await hpc.queue.pueue('pause', '0');
      await hpc.until('it is seen', () => hpc.caseOf('case').blocked !== null);
      const why = await hpc.mqi('why', 'case');
      expect(why.out).toMatch(/to end: .*the queue has suspended its shell, and the job runs on/);
      expect(why.out).toContain(`mqi cases cancel ${hpc.caseOf('case').id}`);

      // its shell first, which forks; what ends meanwhile is none to stop
      for (const pid of [...jobProcesses(hpc.root), ...jobProcesses(hpc.root)]) signal(pid, 'SIGSTOP');
      await hpc.until('it is suspended', () => hpc.caseOf('case').blocked?.startsWith('it is suspended'));
      const { observedMs } = hpc.caseOf('case');
      await hpc.nextLook();
      expect(hpc.caseOf('case')).toMatchObject({ phase: 'executing', observedMs });

      for (const pid of jobProcesses(hpc.root)) signal(pid, 'SIGCONT');
      await hpc.queue.pueue('start', '0');
      await hpc.until('it goes on', () => hpc.caseOf('case').blocked === null);
      writeFileSync(hpc.file('go'), '');
      expect((await hpc.final('case')).state).toBe('completed');
      expect(hpc.runs('case')).toBe(1);
    });

    test("who types `pueue kill` ends pueue's shell and not the job: nothing is decided while that lives, and a cancel ends it", async () => {
      const hpc = await createHpc({ version });
      hpc.drop('case', hpc.counting('case', 'sleep 600'));
      hpc.start();
      const { id, token } = await hpc.in('case', 'executing');
      await hpc.queue.pueue('kill', '0');
      await hpc.eventually('pueue calls it killed', async () => (await hpc.tasks())[0]?.status === 'Done');
      await hpc.nextLook();
      expect(hpc.caseOf('case')).toMatchObject({ phase: 'executing', token });
      expect((await hpc.mqi('why', 'case')).out).toContain('the queue says that it was killed, and the job runs on');
      expect(hpc.slots()).toMatchObject([{ state: 'leased', caseId: id }]);
      expect(jobProcesses(hpc.root)).not.toEqual([]);

      const cancelled = await hpc.mqi('cases', 'cancel', id, '--why', 'it was killed in pueue');
      expect(cancelled.code, cancelled.err).toBe(0);
      expect((await hpc.final('case')).failure?.kind).toBe('cancelled');
      expect(jobProcesses(hpc.root)).toEqual([]);
      expect(hpc.slots()).toMatchObject([{ state: 'free' }]);
    });
  });
}

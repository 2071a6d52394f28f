import { writeFileSync } from 'node:fs';

import { expect, test } from 'vitest';

import { PUEUE_VERSIONS } from '../lab/pueue.ts';
import { COMPUTES, createHpc, describeOnHpc, waitsFor } from './lab.ts';

for (const version of PUEUE_VERSIONS) {
  describeOnHpc(
    `with pueue ${version} an operator`,
    [],
    () => {
      test('who lets a job go between its creation and our commit makes an orphan: failed (interrupted), its slot kept until it is settled, listed, and completed by adopt', async () => {
        const hpc = await createHpc({ version });
        hpc.drop('case', hpc.counting('case', waitsFor(hpc, 'go')), { data: 'dose of case' });
        const first = hpc.start({ failPoints: 'commit.before.job.created=kill' });
        expect((await first.exited).signal).toBe('SIGKILL');
        expect(hpc.caseOf('case').phase).toBe('creating');
        // as one types it, without an id
        await hpc.queue.pueue('enqueue', '--group', 'gpu0');
        await hpc.eventually('the job runs', () => hpc.runs('case') === 1);

        hpc.drop('other', hpc.counting('other', COMPUTES), { data: 'dose of other' });
        hpc.start();
        const failed = await hpc.final('case');
        expect(failed.failure).toMatchObject({ kind: 'interrupted' });
        await hpc.in('other', 'staged');
        const kept = await hpc.until('the slot is kept', () =>
          hpc.slots().find((slot) => slot.state === 'quarantined'),
        );
        expect(kept.reason).toContain('may still run');
        await hpc.nextLook();
        expect(hpc.caseOf('other').phase).toBe('staged');
        expect(hpc.runs('other')).toBe(0);
        const orphans = await hpc.mqi('orphans');
        expect(orphans.out).toContain(failed.id);
        expect((await hpc.mqi('why', 'other')).out).toMatch(/gpu0 is quarantined/);
        expect((await hpc.mqi('why', 'case')).out + (await hpc.mqi('why', 'case')).err).toMatch(/adopt/);

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
    },
    [version],
  );
}

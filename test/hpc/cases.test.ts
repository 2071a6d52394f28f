import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { PUEUE_VERSIONS } from '../lab/pueue.ts';
import { createHpc, describeOnHpc } from './lab.ts';
import type { Hpc } from './lab.ts';

/** A group that runs two at once leaves a mark. */
function alone(hpc: Hpc, body: string): string {
  const lock = `'${hpc.file('busy.')}'"$PUEUE_GROUP"`;
  return `mkdir ${lock} 2> /dev/null || echo "$PUEUE_GROUP" >> '${hpc.file('two-at-once')}'; ${body}; rmdir ${lock}`;
}

function result(hpc: Hpc, name: string, file: string): string {
  return readFileSync(join(hpc.results, name, 'attempt-1', file), 'utf8');
}

for (const version of PUEUE_VERSIONS) {
  describeOnHpc(`on a host with pueue ${version}`, { version }, () => {
    test('twenty cases over two groups complete, each by one job, and no group ever runs two at once', async () => {
      const hpc = await createHpc({ version, groups: ['gpu0', 'gpu1'] });
      const names = Array.from({ length: 20 }, (_, index) => `case-${index + 1}`);
      const body = alone(hpc, 'mkdir -p output; cat inputs/data > output/data; echo "$PUEUE_GROUP" > output/group');
      const drop = (name: string): string => hpc.drop(name, hpc.counting(name, body), { data: `dose of ${name}` });
      hpc.start();
      // a first start that finds more than ten folders admits none of them
      drop(names[0]!);
      await hpc.until('the first is a case', () => hpc.attempts(names[0]!)[0]);
      for (const name of names.slice(1)) drop(name);
      for (const name of names) {
        expect((await hpc.final(name)).state, name).toBe('completed');
        expect(hpc.runs(name), name).toBe(1);
        expect(result(hpc, name, 'output/data')).toBe(`dose of ${name}`);
      }
      expect(existsSync(hpc.file('two-at-once'))).toBe(false);
      expect(new Set(names.map((name) => result(hpc, name, 'output/group')))).toEqual(new Set(['gpu0\n', 'gpu1\n']));
      expect(hpc.slots().map((slot) => slot.state)).toEqual(['free', 'free']);
      const labels = (await hpc.tasks()).map((task) => task.label);
      expect(labels).toHaveLength(names.length);
      expect(new Set(labels)).toEqual(new Set(names.map((name) => hpc.caseOf(name).token)));
    });

    test('a failing job, a killed job and one that cannot be spawned end as three different failures', async () => {
      const hpc = await createHpc({ version });
      hpc.drop('fails', 'echo diverged >&2; exit 3');
      hpc.drop('killed', 'echo $$ > ../pid; echo computing; kill -9 $$');
      hpc.start();
      const failed = await hpc.final('fails');
      expect(failed.failure).toMatchObject({ kind: 'job_failed', exitCode: 3 });
      expect(result(hpc, 'fails', 'stderr')).toBe('diverged\n');
      const killed = await hpc.final('killed');
      expect(killed.failure).toMatchObject({ kind: 'job_killed', signal: 'KILL' });
      expect(result(hpc, 'killed', 'stdout')).toBe('computing\n');

      // pueued starts tasks by a shell that is not there
      await hpc.queue.end('SIGTERM');
      const config = readFileSync(hpc.queue.config, 'utf8');
      const command = 'daemon:\n  shell_command: ["/nonexistent/sh", "-c", "{{ pueue_command_string }}"]';
      writeFileSync(hpc.queue.config, config.replace('daemon: {}', command));
      await hpc.queue.start();
      hpc.drop('unspawned', hpc.counting('unspawned', 'true'));
      const unspawned = await hpc.final('unspawned');
      expect(unspawned.failure).toMatchObject({ kind: 'job_not_started' });
      expect(unspawned.failure?.message).toMatch(/pueue could not start it: .*[Nn]o such file/);
      expect(hpc.runs('unspawned')).toBe(0);
      await hpc.until('the slot is free', () => hpc.slots().every((slot) => slot.state === 'free'));
    });
  });
}

describeOnHpc('a host that needs a prologue', {}, () => {
  test.each([
    ['a wrong prologue', '. /nonexistent/setup-cuda.sh', /setup-cuda\.sh/],
    ['a prologue that fails', 'false', /the prologue ended with 1: the command was not started/],
    ['a missing prologue, without which the program is not found', undefined, /mqi-no-such-engine.*not found/],
  ])('%s ends the case as job_failed, with its stderr in the results', async (_, prologue, said) => {
    const hpc = await createHpc({
      host: prologue === undefined ? {} : { prologue },
      job: { command: 'mqi-no-such-engine "inputs/run.sh"' },
    });
    hpc.drop('case', 'true');
    hpc.start();
    expect((await hpc.final('case')).failure).toMatchObject({ kind: 'job_failed' });
    expect(result(hpc, 'case', 'stderr')).toMatch(said);
  });
});

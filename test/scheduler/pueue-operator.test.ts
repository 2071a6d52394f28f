import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { describe, expect, test } from 'vitest';

import { PUEUE_VERSIONS, hasPueue } from '../lab/pueue.ts';
import { read, spec, until } from './lab.ts';
import { WHY, setUpPueue, signal } from './pueue-bench.ts';

// the contract (test/contract/scheduler-pueue.test.ts) says by name when one is missing
describe.each(PUEUE_VERSIONS.filter(hasPueue))('what people do in pueue %s', (version) => {
  const bench = setUpPueue(version);
  const { create, held, started, looked, observed, runsOf, file, make } = bench;

  test('the id and the creation time of a job are those of its task', async () => {
    const attempt = await held();
    const { stdout } = await bench.daemon.pueue('status', '--json');
    const { tasks } = JSON.parse(stdout) as { tasks: Record<string, { created_at: string; label: string }> };
    expect(tasks[attempt.job.id!]).toMatchObject({ label: attempt.token, created_at: attempt.job.createdAt });
    expect((await looked(attempt.token)).facts).toMatchObject({ job: attempt.job, queue: { kind: 'held' } });
  });

  test('an operator lets a held job go: it runs once, and a release after it is harmless', async () => {
    const attempt = await held();
    await bench.daemon.pueue('start', attempt.job.id!);
    await until(async () => (await observed(attempt.token)).kind === 'ended');
    expect(await bench.scheduler.release(attempt, signal)).toEqual({ kind: 'released' });
    expect(runsOf(attempt.token)).toBe(1);
  });

  test('a task that an operator has removed is a missing job, and then gone', async () => {
    const attempt = await held();
    await bench.daemon.pueue('remove', attempt.job.id!);
    expect(await observed(attempt.token)).toEqual({ kind: 'missing', queue: null });
    expect(await bench.scheduler.release(attempt, signal)).toEqual({ kind: 'missing' });
    expect(await bench.scheduler.stop(attempt, WHY, signal)).toEqual({ kind: 'gone', end: null, queue: null });
  });

  test('a late command for an id that is another job’s by now hits nothing', async () => {
    const first = await held();
    await bench.scheduler.revoke(first, WHY, signal);
    const second = await held({}, bench.lab.token('case2'));
    expect(second.job.id).toBe(first.job.id);
    expect(await bench.scheduler.release(first, signal)).toEqual({ kind: 'missing' });
    expect(await bench.scheduler.revoke(first, WHY, signal)).toEqual({ kind: 'revoked' });
    expect(await bench.scheduler.stop(first, WHY, signal)).toMatchObject({ kind: 'gone' });
    expect(await bench.scheduler.remove(first, signal)).toEqual({ kind: 'removed' });
    expect(await observed(second.token)).toEqual({ kind: 'held' });
    // the same token under the same id, but another task
    const other = { ...second, job: { ...second.job, createdAt: '2001-01-01T00:00:00Z' } };
    expect(await bench.scheduler.release(other, signal)).toEqual({ kind: 'missing' });
    expect(await observed(second.token)).toEqual({ kind: 'held' });
  });

  test('a late add of a revoked attempt leaves a task that is listed, and runs nothing', async () => {
    const token = bench.lab.token();
    bench.lab.stage(token);
    expect(await bench.scheduler.find(token, signal)).toEqual({ kind: 'absent' });
    writeFileSync(file(token, 'job.sh'), 'echo never');
    await bench.daemon.pueue(
      'add',
      '--stashed',
      '--label',
      token,
      '--group',
      'gpu0',
      '-w',
      bench.lab.directory(token),
      '--',
      'true',
    );
    expect(await bench.scheduler.find(token, signal)).toEqual({ kind: 'absent' });
    expect(await observed(token)).toMatchObject({ kind: 'missing' });
    rmSync(bench.lab.directory(token), { recursive: true });
    expect(await bench.scheduler.list(signal)).toMatchObject({ attempts: [{ token }] });
    expect(await bench.scheduler.stop({ token, job: null }, WHY, signal)).toMatchObject({ kind: 'gone' });
    expect(await bench.scheduler.list(signal)).toMatchObject({ attempts: [] });
  });

  test.each(['nope', "it's a group", 'a "group"'])(
    'a group %j that pueue does not have blocks the job: nothing is created, and it is once the named command was typed',
    async (queue) => {
      const token = bench.lab.token();
      bench.lab.stage(token);
      const outcome = await create(token, { queue });
      expect(outcome).toMatchObject({ kind: 'blocked', reason: expect.stringContaining('group add') as string });
      expect(JSON.parse((await bench.daemon.pueue('status', '--json')).stdout)).toMatchObject({ tasks: {} });
      // a case that waits here can be cancelled, and can start later
      expect(existsSync(file(token, 'claim'))).toBe(false);
      expect(await create(token, { queue })).toEqual(outcome);

      const { reason } = outcome as { readonly reason: string };
      execFileSync('sh', ['-c', reason.slice(reason.indexOf('on the host, ') + 'on the host, '.length)]);
      await until(async () => (await create(token, { queue })).kind === 'created');
      expect(await observed(token)).toEqual({ kind: 'held' });
    },
  );

  test('a group that is removed between the look and the add blocks the job too, and leaves nothing', async () => {
    const token = bench.lab.token();
    bench.lab.stage(token);
    const slow = path.join(bench.lab.root, 'slow');
    const remove = `'${bench.daemon.client}' -c '${bench.daemon.config}' group remove gpu0`;
    const gone = `until ! '${bench.daemon.client}' -c '${bench.daemon.config}' status --json | grep -q '"gpu0"'; do sleep 0.05; done`;
    writeFileSync(
      slow,
      `#!/bin/sh\ncase " $* " in *" add "*) ${remove} > /dev/null; ${gone} ;; esac\nexec '${bench.daemon.client}' "$@"\n`,
    );
    chmodSync(slow, 0o755);
    const request = { spec: spec(token, { queue: 'gpu0' }), provenTokens: [] };
    const outcome = await make({ path: slow }).create(request, signal);
    expect(outcome).toMatchObject({ kind: 'blocked', reason: expect.stringContaining('group add gpu0') as string });
    expect(JSON.parse((await bench.daemon.pueue('status', '--json')).stdout)).toMatchObject({ tasks: {} });
    expect(existsSync(file(token, 'claim'))).toBe(false);
  });

  test('a paused group holds a job back, and is told', async () => {
    await bench.daemon.pueue('pause', '-g', 'gpu0');
    const attempt = await held();
    expect(await bench.scheduler.release(attempt, signal)).toEqual({ kind: 'released' });
    const { observation, notices } = await looked(attempt.token);
    expect(observation).toEqual({ kind: 'queued' });
    expect(notices).toEqual(['pueue group gpu0 is paused: pueue start -g gpu0']);
    await bench.daemon.pueue('start', '-g', 'gpu0');
    await until(async () => (await observed(attempt.token)).kind === 'ended');
  });

  test('a paused task runs on, as its queue cannot know; one whose processes are all stopped is suspended', async () => {
    const attempt = await started();
    await bench.daemon.pueue('pause', attempt.job.id!);
    await until(async () => 'aside' in (await observed(attempt.token)));
    expect(await observed(attempt.token)).toEqual({
      kind: 'executing',
      aside: 'the queue has suspended its shell, and the job runs on',
    });
    for (const pid of (await looked(attempt.token)).facts.processes) process.kill(pid, 'SIGSTOP');
    await until(async () => (await observed(attempt.token)).kind === 'suspended');
    expect(await bench.scheduler.stop(attempt, WHY, signal)).toMatchObject({ kind: 'gone' });
  });

  test('a client that asks for confirmation gets it', async () => {
    const config = `${bench.daemon.config}.asking`;
    writeFileSync(
      config,
      read(bench.daemon.config).replace('client: {}', 'client: { show_confirmation_questions: true }'),
    );
    const asking = make({ config });
    const attempt = await held();
    expect(await asking.revoke(attempt, WHY, signal)).toEqual({ kind: 'revoked' });
    expect(JSON.parse((await bench.daemon.pueue('status', '--json')).stdout)).toMatchObject({ tasks: {} });
    expect(await asking.remove(attempt, signal)).toEqual({ kind: 'removed' });
    rmSync(config);
  });
});

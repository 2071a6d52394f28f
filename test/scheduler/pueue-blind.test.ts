import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { describe, expect, test } from 'vitest';

import type { Transport } from '../../src/transport/transport.ts';
import { PUEUE_VERSIONS, hasPueue, pueueBinaries } from '../lab/pueue.ts';
import { isAlive, read, spec } from './lab.ts';
import { WHY, setUpPueue, signal } from './pueue-bench.ts';

// the contract (test/contract/scheduler-pueue.test.ts) says by name when one is missing
describe.each(PUEUE_VERSIONS.filter(hasPueue))('what cannot be seen of pueue %s', (version) => {
  const bench = setUpPueue(version);
  const { create, held, started, observed, make, file } = bench;

  test('a daemon that is down makes us blind, and says which command starts it', async () => {
    const attempt = await held();
    await bench.daemon.end('SIGTERM');
    const down = { kind: 'blind', cause: 'queue', reason: expect.stringContaining('pueued -d') as string };
    expect(await bench.scheduler.look([attempt.token], signal)).toMatchObject(down);
    expect(await bench.scheduler.find(attempt.token, signal)).toMatchObject(down);
    expect(await bench.scheduler.release(attempt, signal)).toMatchObject(down);
    expect(await bench.scheduler.stop(attempt, WHY, signal)).toMatchObject(down);
    expect(await bench.scheduler.list(signal)).toMatchObject(down);
    expect(await bench.scheduler.remove(attempt, signal)).toMatchObject(down);
    const token = bench.lab.token('case2');
    bench.lab.stage(token);
    expect(await create(token)).toMatchObject(down);
    expect(bench.answers).not.toContain('.cargo/registry');
  });

  test('a daemon that was never started, so that pueue has no configuration yet, is told to be started', async () => {
    const home = mkdtempSync(path.join(bench.lab.root, 'home-'));
    const transport: Pick<Transport, 'run'> = {
      run: (command, options) => bench.lab.transport.run(`HOME='${home}'; unset XDG_CONFIG_HOME; ${command}`, options),
    };
    expect(await make({ config: null, transport }).look([], signal)).toEqual({
      kind: 'blind',
      cause: 'queue',
      reason: expect.stringContaining('pueued -d') as string,
    });
  });

  test('a daemon that hangs makes us blind, and no command hangs with it', async () => {
    const attempt = await held();
    process.kill(bench.daemon.pid, 'SIGSTOP');
    try {
      const hung = { kind: 'blind', cause: 'queue', reason: expect.stringContaining('does not answer') as string };
      expect(await bench.scheduler.look([attempt.token], signal)).toMatchObject(hung);
    } finally {
      process.kill(bench.daemon.pid, 'SIGCONT');
    }
    expect(await observed(attempt.token)).toEqual({ kind: 'held' });
  });

  test('a client of another version makes us blind, and says so', async () => {
    const other = PUEUE_VERSIONS.find((candidate) => candidate !== version && hasPueue(candidate));
    if (other === undefined) return;
    const wrong = make({ path: path.join(pueueBinaries(other), 'pueue') });
    const outcome = await wrong.look([], signal);
    expect(outcome).toMatchObject({
      kind: 'blind',
      cause: 'queue',
      reason: expect.stringContaining('versions') as string,
    });
  });

  test('a client that is not there, or finds no configuration, makes us blind', async () => {
    const nowhere = await make({ path: 'no-pueue-here' }).look([], signal);
    expect(nowhere).toMatchObject({ cause: 'queue', reason: expect.stringContaining('scheduler.path') as string });
    const unread = await make({ config: '/nowhere/pueue.yml' }).look([], signal);
    expect(unread).toMatchObject({ cause: 'queue', reason: expect.stringContaining('scheduler.config') as string });
  });

  test.each(['not JSON at all', '{"tasks":{', '{"tasks":{},"groups":', '{"jobs":[]}'])(
    'an answer of pueue like %j makes us blind',
    async (answer) => {
      const attempt = await started();
      const fake = path.join(bench.lab.root, 'fake pueue');
      writeFileSync(fake, `#!/bin/sh\nprintf '%s\\n' '${answer}'\n`);
      chmodSync(fake, 0o755);
      const garbled = make({ path: fake });
      expect(await garbled.look([attempt.token], signal)).toMatchObject({ kind: 'blind', cause: 'garbled' });
      expect((await garbled.stop(attempt, WHY, signal)).kind).toBe('blind');
      expect(await garbled.list(signal)).toMatchObject({ kind: 'blind', cause: 'garbled' });
    },
  );

  test('one task in a form that we do not know is the trouble of its attempt, and of nobody else', async () => {
    const [odd, well] = [await held(), await held({}, bench.lab.token('well'))];
    const fake = path.join(bench.lab.root, 'fake pueue');
    const { client } = bench.daemon;
    writeFileSync(
      fake,
      `#!/bin/sh
case " $* " in *' status '*) ;; *) exec '${client}' "$@" ;; esac
'${client}' "$@" | '${process.execPath}' -e '
  const status = JSON.parse(require("fs").readFileSync(0, "utf8"));
  for (const task of Object.values(status.tasks)) if (task.label === "${odd.token}") task.created_at = 1;
  console.log(JSON.stringify(status));'
`,
    );
    chmodSync(fake, 0o755);
    const scheduler = make({ path: fake });
    const reason = expect.stringContaining('what pueue says of its task cannot be read') as string;
    const look = await scheduler.look([odd.token, well.token], signal);
    expect(look).toMatchObject({ facts: [{ job: { createdAt: null } }, { queue: { kind: 'held' } }] });
    expect(await scheduler.find(odd.token, signal)).toMatchObject({ kind: 'not_yet', reason });
    expect(await scheduler.release(odd, signal)).toMatchObject({ kind: 'blocked', reason });
    const request = { spec: spec(odd.token, { queue: 'gpu0' }), provenTokens: [] };
    expect(await scheduler.create(request, signal)).toMatchObject({ kind: 'blocked', reason });
    expect(await scheduler.remove(odd, signal)).toMatchObject({ kind: 'not_yet', reason });
    expect(await scheduler.release(well, signal)).toEqual({ kind: 'released' });
  });

  test('what pueue does not let go is not removed yet, and said of that one', async () => {
    const attempt = await started();
    expect(await bench.scheduler.remove(attempt, signal)).toMatchObject({
      kind: 'not_yet',
      reason: expect.stringContaining('pueue still has its task') as string,
    });
    expect(read(file(attempt.token, 'claim'))).toMatch(/^job /);
    expect(isAlive(attempt.payload)).toBe(true);
  });

  test('a warning before the status is passed over', async () => {
    const attempt = await held();
    const fake = path.join(bench.lab.root, 'noisy');
    writeFileSync(
      fake,
      `#!/bin/sh\necho 'Different daemon version detected 9.9'\nexec '${bench.daemon.client}' "$@"\n`,
    );
    chmodSync(fake, 0o755);
    const noisy = make({ path: fake });
    expect(await noisy.look([attempt.token], signal)).toMatchObject({
      kind: 'looked',
      facts: [{ queue: { kind: 'held' } }],
    });
    expect(await noisy.release(attempt, signal)).toEqual({ kind: 'released' });
  });

  test('no environment travels, not even that of a task which somebody else has labelled so', async () => {
    const attempt = await started();
    const secret = { PATH: process.env['PATH'], HUNTER: `2}"\\ \n{"label":"x"}`, envs: '"envs":{' };
    const args = ['-c', bench.daemon.config, 'add', '--stashed', '--label', attempt.token, '--', 'true'];
    await new Promise((resolve) => spawn(bench.daemon.client, args, { env: secret }).once('close', resolve));
    expect((await bench.daemon.pueue('status', '--json')).stdout).toContain('HUNTER');
    expect(await observed(attempt.token)).toEqual({ kind: 'executing' });
    expect(bench.answers).not.toContain('HUNTER');
    expect(bench.answers).toContain('envs');
    expect(await bench.scheduler.stop(attempt, WHY, signal)).toMatchObject({ kind: 'gone' });
    expect(bench.answers).not.toContain('HUNTER');
  });
});

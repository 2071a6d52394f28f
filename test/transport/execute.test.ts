import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { systemClock } from '../../src/daemon/clock.ts';
import { execute } from '../../src/transport/execute.ts';
import { createLocalSpawn, spawnLocal } from '../../src/transport/local.ts';
import type { RemoteProcess, Spawn } from '../../src/transport/transport.ts';
import { transportOf } from './frail-spawn.ts';
import { cleanScratch, scratch } from './scratch.ts';

cleanScratch();

describe('a command', () => {
  test('that surely was not started is unknown and not sent, with the reason', async () => {
    const spawn: Spawn = () => Promise.reject(new Error('no route to host'));
    const outcome = await transportOf(spawn).run('true', { timeoutMs: 1_000 });
    expect(outcome).toEqual({ kind: 'unknown', sent: false, reason: 'no route to host' });
  });

  test('that was not started in time may have been sent; when it starts after all, nobody waits for it', async () => {
    let start!: (child: RemoteProcess) => void;
    const spawn: Spawn = () => new Promise((resolve) => (start = resolve));
    const outcome = await transportOf(spawn).run('true', { timeoutMs: 50 });
    expect(outcome).toMatchObject({ kind: 'unknown', sent: true });
    const child = await spawnLocal('sleep 30', 'control');
    const abandoned = new Promise<void>((resolve) =>
      start({
        ...child,
        abandon: () => {
          child.abandon();
          resolve();
        },
      }),
    );
    await abandoned;
  });

  test('whose shell is killed is unknown: no exit status came', async () => {
    const outcome = await transportOf(spawnLocal).run('echo half; kill -9 $$', { timeoutMs: 5_000 });
    expect(outcome).toEqual({ kind: 'unknown', sent: true, reason: 'ended by signal SIGKILL' });
  });

  test('keeps only a few variables of the daemon, and gets those that its host is given', async () => {
    process.env['MQI_SECRET'] = 'secret';
    const spawn = createLocalSpawn({ SLURM_CONF: '/x y' });
    const outcome = await transportOf(spawn).run('echo "$MQI_SECRET,$SLURM_CONF,$HOME"', { timeoutMs: 5_000 });
    delete process.env['MQI_SECRET'];
    expect(outcome).toMatchObject({ stdout: `,/x y,${process.env['HOME']}\n` });
  });

  test('runs in a session of its own, so that a signal to our process group does not reach it', async () => {
    const outcome = await transportOf(spawnLocal).run(
      'read _ _ _ _ group session _ </proc/$$/stat; echo $$ $group $session',
      {
        timeoutMs: 5_000,
      },
    );
    const [own, group, session] = outcome.kind === 'done' ? outcome.stdout.trim().split(' ') : [];
    expect([group, session]).toEqual([own, own]);
  });

  test('ends with what its feeder threw', async () => {
    const stdin = async (write: (chunk: Uint8Array) => Promise<void>): Promise<void> => {
      await write(Buffer.from('x'));
      throw new Error('the folder changed');
    };
    await expect(execute(spawnLocal, systemClock, { command: 'cat', channel: 'bulk', stdin })).rejects.toThrow(
      'the folder changed',
    );
  });

  test('that ends early stops its feeder', async () => {
    let pieces = 0;
    const stdin = async (write: (chunk: Uint8Array) => Promise<void>): Promise<void> => {
      for (;;) {
        await write(Buffer.alloc(65_536));
        pieces++;
      }
    };
    const outcome = await execute(spawnLocal, systemClock, {
      command: 'head -c 100000 >/dev/null; exit 4',
      channel: 'bulk',
      stdin,
    });
    expect(outcome).toMatchObject({ kind: 'done', exitCode: 4 });
    expect(pieces).toBeLessThan(1_000);
  });

  test('that moves nothing for too long is left; one that moves a little is not', async () => {
    const stuck = await execute(spawnLocal, systemClock, { command: 'sleep 20', channel: 'bulk', stallMs: 200 });
    expect(stuck).toMatchObject({ kind: 'unknown', sent: true, reason: 'nothing moved for 0.2 s' });
    const slow = await execute(spawnLocal, systemClock, {
      command: 'for i in 1 2 3 4 5 6; do echo; sleep 0.2; done',
      channel: 'bulk',
      stallMs: 1_000,
    });
    expect(slow).toMatchObject({ kind: 'done', exitCode: 0 });
  });

  test('that is called off is unknown, before it was sent and while it is under way', async () => {
    const call = { command: 'sleep 20', channel: 'bulk', signal: AbortSignal.abort() } as const;
    expect(await execute(spawnLocal, systemClock, call)).toMatchObject({ kind: 'unknown', sent: false });
    const abort = new AbortController();
    const under = execute(spawnLocal, systemClock, {
      ...call,
      command: 'echo; sleep 20',
      signal: abort.signal,
      onStdout: () => abort.abort(),
    });
    expect(await under).toMatchObject({ kind: 'unknown', sent: true, reason: 'aborted while it was under way' });
  });

  test('that waits for this side is not the one that stands still; when it stands still after that, it is', async () => {
    const slowly = async (): Promise<void> => {
      await systemClock.sleep(600);
    };
    const fed = await execute(spawnLocal, systemClock, {
      command: 'cat',
      channel: 'bulk',
      stallMs: 200,
      stdin: async (write) => {
        await slowly();
        await write(Buffer.from('fed'));
        await slowly();
      },
    });
    expect(fed).toMatchObject({ kind: 'done', exitCode: 0, stdout: Buffer.from('fed') });
    const taken = await execute(spawnLocal, systemClock, {
      command: 'echo; sleep 0.1; echo',
      channel: 'bulk',
      stallMs: 200,
      onStdout: slowly,
    });
    expect(taken).toMatchObject({ kind: 'done', exitCode: 0 });
    const stuck = await execute(spawnLocal, systemClock, {
      command: 'cat; sleep 20',
      channel: 'bulk',
      stallMs: 200,
      stdin: slowly,
    });
    expect(stuck).toMatchObject({ kind: 'unknown', sent: true, reason: 'nothing moved for 0.2 s' });
  });

  test('cut off on its way, a script does nothing', async () => {
    const directory = scratch();
    const whole = `{\nLC_ALL=C\necho >'${directory.replaceAll("'", `'\\''`)}/done'\n}\n`;
    for (let length = 0; length < whole.length - 2; length++) {
      await execute(spawnLocal, systemClock, {
        command: 'eval "$(cat)"',
        channel: 'bulk',
        stdin: whole.slice(0, length),
      });
      expect(existsSync(join(directory, 'done')), whole.slice(0, length)).toBe(false);
    }
  });
});

describe('following a file', () => {
  test('waits for one that is not there yet', async () => {
    const file = join(scratch(), 'later');
    const abort = new AbortController();
    const first = new Promise<string>((resolve) => {
      const following = transportOf(spawnLocal).follow(file, resolve, abort.signal);
      void following.catch(() => {});
    });
    // nobody says when it began: what is written before that is not seen
    const writing = setInterval(() => writeFileSync(file, 'line\n', { flag: 'a' }), 50);
    expect(await first).toBe('line');
    clearInterval(writing);
    abort.abort();
  });

  test('ends when the connection does, or is never made', async () => {
    const never = new AbortController().signal;
    const spawn: Spawn = async (command, channel) => {
      const child = await spawnLocal(command, channel);
      setImmediate(() => child.abandon());
      return child;
    };
    await transportOf(spawn).follow(join(scratch(), 'file'), () => {}, never);
    await transportOf(() => Promise.reject(new Error('no route'))).follow('/x', () => {}, never);
    await transportOf(spawnLocal).follow('/x', () => {}, AbortSignal.abort());
  });

  test('leaves no process behind on the host', async () => {
    const file = join(scratch(), 'events');
    writeFileSync(file, '');
    const abort = new AbortController();
    let following = Promise.resolve();
    const first = new Promise<string>((resolve) => {
      const spawn: Spawn = (command, channel) => spawnLocal(`echo "shell $$"; ${command}`, channel);
      following = transportOf(spawn).follow(file, resolve, abort.signal);
    });
    const shell = (await first).split(' ')[1]!;
    abort.abort();
    await following;
    while (existsSync(`/proc/${shell}`)) await new Promise((resolve) => setTimeout(resolve, 20));
  });
});

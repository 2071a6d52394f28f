import { PassThrough, Writable } from 'node:stream';

import { systemClock } from '../../src/daemon/clock.ts';
import { createTransport } from '../../src/transport/create-transport.ts';
import { createLocalSpawn, spawnLocal } from '../../src/transport/local.ts';
import { quote } from '../../src/transport/quote.ts';
import type { RemoteProcess, Spawn, Transport } from '../../src/transport/transport.ts';

/** A transport out of a way to start commands, with nothing to connect. */
export function transportOf(spawn: Spawn): Transport {
  return createTransport({
    kind: 'local',
    spawn,
    clock: systemClock,
    lifecycle: {
      connect: () => Promise.resolve({ kind: 'connected' }),
      onLost: () => {},
      close: () => Promise.resolve(),
    },
  });
}

export const isUnpacking = (command: string): boolean => command.includes('tar -x');

export interface Cut {
  /** Bytes of input that still reach the command; Infinity for all. */
  readonly afterBytes: number;
  /** `reset`: the host notices, and the command's input ends. `silence`: it does not; the command waits on. */
  readonly how: 'reset' | 'silence';
}

export interface FrailSpawn {
  readonly spawn: Spawn;
  /** Bytes of input that unpacking commands were given, cut or not. */
  inputBytes(): number;
  /** What arrives late at a command whose connection was cut silently, and then its end. */
  arriveLate(bytes: Uint8Array): Promise<void>;
}

/** Starts commands here, and cuts the connection of those that unpack. */
export function frailSpawn(cut: Cut | null, inner: Spawn = spawnLocal): FrailSpawn {
  let inputBytes = 0;
  let late: RemoteProcess | null = null;
  const spawn: Spawn = async (command, channel) => {
    const child = await inner(command, channel);
    if (!isUnpacking(command)) return child;
    let lose!: (ended: { readonly exitCode: null; readonly reason: string }) => void;
    const lost = new Promise<{ readonly exitCode: null; readonly reason: string }>((resolve) => (lose = resolve));
    const stdout = child.stdout.pipe(new PassThrough());
    const stderr = child.stderr.pipe(new PassThrough());
    const lostNow = (): void => {
      stdout.end();
      stderr.end();
      if (cut?.how === 'reset') child.stdin.end();
      else late = child;
      lose({ exitCode: null, reason: 'the connection was cut' });
    };
    let left = cut?.afterBytes ?? Infinity;
    const stdin = new Writable({
      write(chunk: Buffer, _encoding, done) {
        inputBytes += chunk.length;
        if (left === -1) return done(new Error('write EPIPE'));
        const passed = chunk.subarray(0, left);
        left -= passed.length;
        child.stdin.write(passed, () => {
          if (left > 0) return done();
          left = -1;
          lostNow();
          done();
        });
      },
      final(done) {
        // everything arrived; the answer is what gets lost
        if (cut === null) child.stdin.end();
        else if (left !== -1) {
          void child.ended.then(lostNow);
          child.stdin.end();
        }
        done();
      },
    });
    child.stdin.on('error', (error) => stdin.destroy(error));
    stdin.on('error', () => {});
    return {
      stdin,
      stdout,
      stderr,
      ended: cut === null ? child.ended : lost,
      // what was cut is not ended from here
      abandon: () => (cut === null ? child.abandon() : stdin.destroy()),
    };
  };
  return {
    spawn,
    inputBytes: () => inputBytes,
    async arriveLate(bytes) {
      const child = late!;
      child.stdin.end(bytes);
      await child.ended;
    },
  };
}

/** Does something on the host just before a command is started. */
export function before(isIt: (command: string) => boolean, act: () => void, inner: Spawn = spawnLocal): Spawn {
  return (command, channel) => {
    if (isIt(command)) act();
    return inner(command, channel);
  };
}

/** A host with another shell and other programs than this machine's. */
export function poorSpawn(shell: string, path: string): Spawn {
  const spawn = createLocalSpawn({ PATH: path });
  return (command, channel) => spawn(`exec ${shell} -c ${quote(command)}`, channel);
}

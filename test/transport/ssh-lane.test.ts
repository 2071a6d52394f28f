import { describe, expect, test } from 'vitest';

import type { SshConnection } from '../../src/transport/ssh-connection.ts';
import { SshLane } from '../../src/transport/ssh-lane.ts';
import { Loss } from '../../src/transport/ssh-loss.ts';
import { FakeClock, FakeConnection, drained } from './ssh-fakes.ts';

interface Lane {
  readonly lane: SshLane;
  readonly clock: FakeClock;
  readonly warnings: string[];
  /** Connections that the lane asked for. */
  opened: number;
}

function laneWith(
  connection: FakeConnection | null,
  { spare = null as FakeConnection | Error | null, maxSessions = 4 } = {},
): Lane {
  const made: Lane = { lane: null as unknown as SshLane, clock: new FakeClock(), warnings: [], opened: 0 };
  const open = (): Promise<SshConnection> => {
    made.opened++;
    return spare instanceof FakeConnection ? Promise.resolve(spare) : Promise.reject(spare ?? new Error('no spare'));
  };
  const warn = (message: string): void => void made.warnings.push(message);
  const lane = new SshLane({ clock: made.clock, maxSessions, open, warn });
  if (connection !== null) lane.add(connection);
  return Object.assign(made, { lane });
}

/** What became of commands that were asked for. */
function follow(lane: SshLane, commands: readonly string[], signal?: AbortSignal): Map<string, string> {
  const outcomes = new Map<string, string>();
  for (const command of commands) {
    void lane.spawn(command, signal).then(
      () => outcomes.set(command, 'started'),
      (error: unknown) => outcomes.set(command, error instanceof Error ? error.message : String(error)),
    );
  }
  return outcomes;
}

describe('the channels of a connection', () => {
  test('are as many as the lane may use, and go to the next one when they are given back', async () => {
    const connection = new FakeConnection(10);
    const { lane } = laneWith(connection, { maxSessions: 2 });
    follow(lane, ['a', 'b', 'c']);
    await drained();
    expect(connection.started).toEqual(['a', 'b']);
    connection.end('a');
    await drained();
    expect(connection.started).toEqual(['a', 'b', 'c']);
  });

  test('keep their order through refusals', async () => {
    const connection = new FakeConnection(1);
    const { lane } = laneWith(connection);
    follow(lane, ['a', 'b', 'c', 'd', 'e']);
    for (const command of ['a', 'b', 'c', 'd', 'e']) {
      await drained();
      connection.end(command);
    }
    expect(connection.started).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  test('that the host refuses are asked for again only when one is given back', async () => {
    const connection = new FakeConnection(1);
    const { lane, clock } = laneWith(connection);
    follow(lane, ['a', 'b', 'c', 'd', 'e']);
    await clock.pass(60_000);
    // four at once, of which three were refused
    expect(connection.asked).toBe(4);
  });

  test('all refused are asked for in growing pauses, and after a minute those who wait are told', async () => {
    const connection = new FakeConnection(0);
    const { lane, clock } = laneWith(connection);
    const outcomes = follow(lane, ['a']);
    await clock.pass(1_000);
    expect(connection.asked).toBe(4);
    await clock.pass(58_000);
    expect(connection.asked).toBeLessThan(20);
    expect(outcomes.size).toBe(0);
    await clock.pass(10_000);
    expect(outcomes.get('a')).toContain('gives no session');
    connection.sessions = 1;
    await clock.pass(10_000);
    follow(lane, ['b']);
    await drained();
    expect(connection.started).toEqual(['b']);
  });

  test('are probed for again after a while: a host that gave few may give more', async () => {
    const connection = new FakeConnection(1);
    const { lane } = laneWith(connection);
    follow(lane, ['first', 'refused']);
    await drained();
    connection.end('first');
    connection.sessions = 2;
    await drained();
    connection.end('refused');
    for (let index = 0; index < 60; index++) {
      follow(lane, [`${index}`]);
      await drained();
      connection.end(`${index}`);
    }
    follow(lane, ['x', 'y']);
    await drained();
    expect(connection.started.slice(-2)).toEqual(['x', 'y']);
  });
});

describe('a second connection', () => {
  test('is made where the host gives less than was hoped for, and not otherwise', async () => {
    const spare = new FakeConnection(1);
    const small = laneWith(new FakeConnection(1), { spare });
    follow(small.lane, ['a', 'b']);
    await drained();
    expect([small.opened, spare.started]).toEqual([1, ['b']]);

    const large = laneWith(new FakeConnection(4), { spare });
    follow(large.lane, ['a', 'b', 'c', 'd', 'e']);
    await drained();
    expect(large.opened).toBe(0);
  });

  test('that cannot be made is tried again after half a minute, not for every command', async () => {
    const connection = new FakeConnection(1);
    const made = laneWith(connection, { spare: new Error('MaxStartups') });
    follow(made.lane, ['a', 'b', 'c', 'd']);
    await drained();
    connection.end('a');
    await drained();
    connection.end('b');
    await drained();
    expect([made.opened, connection.started]).toEqual([1, ['a', 'b', 'c']]);
    await made.clock.pass(31_000);
    connection.end('c');
    follow(made.lane, ['e']);
    await drained();
    expect(made.opened).toBe(2);
  });

  test('that comes after the end is closed', async () => {
    const spare = new FakeConnection(1);
    const { lane } = laneWith(null, { spare });
    const outcomes = follow(lane, ['a']);
    lane.close('over');
    await drained();
    expect([spare.closed, spare.started, outcomes.get('a')]).toEqual(['over', [], 'over']);
  });
});

describe('commands that wait', () => {
  test('are told when the last connection is lost, and not while another one is left', async () => {
    const [connection, spare] = [new FakeConnection(1), new FakeConnection(1)];
    const { lane } = laneWith(connection, { spare });
    const outcomes = follow(lane, ['a', 'b', 'c']);
    await drained();
    connection.lose('cut');
    await drained();
    expect(outcomes.has('c')).toBe(false);
    spare.lose('cut too');
    await drained();
    expect(outcomes.get('c')).toBe('cut too');
  });

  test('are told why the first connection cannot be made', async () => {
    const { lane } = laneWith(null, { spare: new Error('refused') });
    const outcomes = follow(lane, ['a']);
    await drained();
    expect(outcomes.get('a')).toBe('refused');
  });

  test('and are given up meanwhile are never sent', async () => {
    const connection = new FakeConnection(10);
    const { lane } = laneWith(connection, { maxSessions: 1 });
    const abort = new AbortController();
    follow(lane, ['a']);
    const outcomes = follow(lane, ['b'], abort.signal);
    follow(lane, ['c']);
    await drained();
    abort.abort();
    connection.end('a');
    await drained();
    expect(connection.started).toEqual(['a', 'c']);
    expect(outcomes.get('b')).toBe('aborted before a channel was free');
  });

  test('are a thousand at most', async () => {
    const { lane } = laneWith(new FakeConnection(4));
    const outcomes = follow(
      lane,
      Array.from({ length: 1_010 }, (_, index) => `${index}`),
    );
    await drained();
    expect([...outcomes.values()].filter((outcome) => outcome.includes('wait for this host already'))).toHaveLength(6);
  });

  test('behind nothing but commands that were given up are worth a warning', async () => {
    const { lane, warnings } = laneWith(new FakeConnection(4), { maxSessions: 2 });
    // the stand-ins for processes count as given up
    follow(lane, ['a', 'b']);
    await drained();
    expect(warnings).toEqual([]);
    follow(lane, ['c']);
    expect(warnings).toEqual([expect.stringContaining('given up but do not end')]);
  });
});

describe('a loss', () => {
  test('is told once, to those who still wait and to those who come late, with its first reason', () => {
    const loss = new Loss();
    const told: string[] = [];
    const leave = loss.listen((reason) => told.push(`left ${reason}`));
    loss.listen((reason) => told.push(reason));
    leave();
    loss.announce('cut');
    loss.announce('again');
    loss.listen((reason) => told.push(`late ${reason}`));
    expect([loss.reason, told]).toEqual(['cut', ['cut', 'late cut']]);
  });
});

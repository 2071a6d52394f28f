import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { readPueueStatus } from '../../src/scheduler/pueue-status.ts';

const TOKEN = 'mqi-i1-c-1-r';
const TIMES = { enqueued_at: '2026-11-24T10:00:00Z', start: '2026-11-24T10:00:01Z', end: '2026-11-24T10:00:02Z' };

function task(status: unknown, change: object = {}): object {
  return {
    id: 3,
    created_at: '2026-11-24T09:59:59.123456789Z',
    original_command: 'exec env MQI_TOKEN=x sh ./job.sh',
    envs: { PATH: '/bin', SECRET: 'hunter2' },
    group: 'gpu0',
    label: TOKEN,
    status,
    ...change,
  };
}

function status(tasks: readonly object[], groups: object = { gpu0: { status: 'Running', parallel_tasks: 1 } }): string {
  return JSON.stringify({ tasks: Object.fromEntries(tasks.map((entry, index) => [String(index), entry])), groups });
}

function stateOf(word: unknown) {
  const view = readPueueStatus(status([task(word)]), 'i1');
  if (view.kind === 'blind') throw new Error(view.reason);
  return view.entry(TOKEN, 'present').state;
}

describe('the status of pueue', () => {
  test.each([
    // 4.x
    [{ Stashed: { enqueue_at: null } }, { kind: 'held' }],
    [{ Queued: { enqueued_at: TIMES.enqueued_at } }, { kind: 'queued' }],
    [{ Running: { enqueued_at: TIMES.enqueued_at, start: TIMES.start } }, { kind: 'running' }],
    [{ Paused: { enqueued_at: TIMES.enqueued_at, start: TIMES.start } }, { kind: 'suspended' }],
    [{ Done: { ...TIMES, result: 'Success' } }, { kind: 'ended', result: { kind: 'succeeded' } }],
    [{ Done: { ...TIMES, result: { Failed: 7 } } }, { kind: 'ended', result: { kind: 'failed', exitCode: 7 } }],
    [{ Done: { ...TIMES, result: 'Killed' } }, { kind: 'ended', result: { kind: 'killed' } }],
    [{ Done: { ...TIMES, result: 'Errored' } }, { kind: 'ended', result: { kind: 'killed' } }],
    // 3.4
    ['Queued', { kind: 'queued' }],
    ['Running', { kind: 'running' }],
    ['Paused', { kind: 'suspended' }],
    [{ Done: 'Success' }, { kind: 'ended', result: { kind: 'succeeded' } }],
    [{ Done: { Failed: 113 } }, { kind: 'ended', result: { kind: 'failed', exitCode: 113 } }],
    [{ Done: 'Killed' }, { kind: 'ended', result: { kind: 'killed' } }],
  ])('%j is read', (word, state) => {
    expect(stateOf(word)).toEqual(state);
  });

  test.each([
    [{ Done: { ...TIMES, result: { FailedToSpawn: 'No such file\nbacktrace' } } }],
    [{ Done: { FailedToSpawn: 'No such file\nbacktrace' } }],
    [{ Done: 'DependencyFailed' }],
  ])('%j is a job that did not start, with the reason', (word) => {
    const state = stateOf(word);
    expect(state).toMatchObject({ kind: 'ended', result: { kind: 'not_started' } });
    expect(JSON.stringify(state)).not.toContain('backtrace');
  });

  test.each([
    ['Locked'],
    [{ Locked: { previous_status: { Stashed: { enqueue_at: null } } } }],
    ['Done'],
    [{ Done: { ...TIMES, result: 'Exploded' } }],
    [{ Done: { Failed: 'seven' } }],
    [{ Resting: {} }],
    [{ Queued: {}, Running: {} }],
    [null],
    [7],
  ])('%j is unknown, and no end', (word) => {
    expect(stateOf(word)).toMatchObject({ kind: 'unknown' });
  });

  test('names id and creation time exactly as pueue writes them', () => {
    const view = readPueueStatus(status([task('Queued')]), 'i1');
    expect(view).toMatchObject({ kind: 'read', tokens: [TOKEN] });
    if (view.kind !== 'read') return;
    expect(view.entry(TOKEN, 'present').job).toEqual({ id: '3', createdAt: '2026-11-24T09:59:59.123456789Z' });
    expect(view.entry('mqi-i1-d-1-r', 'present')).toEqual({ state: { kind: 'absent' }, job: null });
  });

  test('speaks of this installation only', () => {
    const others = [
      task('Queued', { label: 'mqi-other-c-1-r' }),
      task('Queued', { label: `x ${TOKEN}` }),
      task('Queued', { label: null }),
    ];
    expect(readPueueStatus(status(others), 'i1')).toMatchObject({ tokens: [] });
  });

  test('of a task and its copy is that of the livelier', () => {
    const tasks = [task({ Done: 'Killed' }, { id: 1 }), task('Running', { id: 5 }), task({ Stashed: {} }, { id: 9 })];
    const view = readPueueStatus(status(tasks), 'i1');
    if (view.kind !== 'read') throw new Error(view.reason);
    expect(view.entry(TOKEN, 'present')).toMatchObject({ state: { kind: 'running' }, job: { id: '5' } });
  });

  test('tells of a paused group in which something waits, and how to start it', () => {
    const groups = { gpu0: { status: 'Paused', parallel_tasks: 1 }, other: { status: 'Paused', parallel_tasks: 1 } };
    const notices = (word: unknown) => {
      const view = readPueueStatus(status([task(word)], groups), 'i1');
      return view.kind === 'read' ? view.notices : null;
    };
    expect(notices('Queued')).toEqual(['pueue group gpu0 is paused: pueue start -g gpu0']);
    expect(notices('Running')).toEqual([]);
  });

  test.each(['', 'null', '[]', '{}', '{"tasks":{}}', '{"tasks":[],"groups":{}}', '{"tasks":{"0":', 'Error: x'])(
    '%j makes us blind',
    (text) => {
      expect(readPueueStatus(text, 'i1')).toMatchObject({ kind: 'blind', cause: 'garbled' });
    },
  );

  test('never shows an environment, whatever is wrong with it', () => {
    fc.assert(
      fc.property(fc.anything(), fc.nat(400), (word, cut) => {
        const text = status([task(JSON.parse(JSON.stringify(word ?? null)) as unknown)]);
        expect(JSON.stringify(readPueueStatus(text.slice(0, cut), 'i1'))).not.toContain('hunter2');
        expect(JSON.stringify(readPueueStatus(text, 'i1'))).not.toContain('hunter2');
      }),
    );
  });

  test('of any JSON is read or refused, and never throws', () => {
    fc.assert(
      fc.property(fc.json(), fc.anything(), (text, word) => {
        readPueueStatus(text, 'i1');
        const view = readPueueStatus(status([task(JSON.parse(JSON.stringify(word ?? null)) as unknown)]), 'i1');
        expect(view.kind).toBe('read');
      }),
    );
  });
});

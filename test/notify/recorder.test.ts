import { expect, test } from 'vitest';

import type { NotifyConfig } from '../../src/config/config.ts';
import { createDeliverer } from '../../src/daemon/notify/deliverer.ts';
import type { Message } from '../../src/daemon/notify/message.ts';
import { createRecorder } from '../../src/daemon/notify/recorder.ts';
import type { DiskFacts } from '../../src/daemon/notify/alarms.ts';
import type { Delivered } from '../../src/daemon/notify/sink.ts';
import { updateHost } from '../../src/store/hosts.ts';
import { listIncidents } from '../../src/store/queries.ts';
import { noFailPoints } from '../../src/supervisor/fail-point.ts';
import { testSite } from '../cli/site.ts';

const MINUTE = 60_000;
const QUIET = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** The recorder and the deliverers of two sinks, `ops` and `night`, over a real database; nothing is sent anywhere. */
function telling(change: Partial<NotifyConfig> = {}) {
  const site = testSite();
  const { store, clock } = site;
  const sinkConfig = (name: string) =>
    ({
      name,
      type: 'command',
      command: ['true'],
      timeoutMs: 1,
      on: ['host_unreachable', 'case_failed', 'trouble', 'disk_low'],
    }) as const;
  const notify: NotifyConfig = {
    sinks: [sinkConfig('ops'), sinkConfig('night')],
    hostUnreachableMs: 5 * MINUTE,
    troubleMs: 15 * MINUTE,
    diskFreeBytes: 1_000,
    nearLimitPercent: 90,
    groupMs: MINUTE,
    giveUpMs: 60 * MINUTE,
    ...change,
  };
  const disks: DiskFacts[] = [];
  let measured = 0;
  const recorderOf = (config: NotifyConfig) =>
    createRecorder({
      store,
      clock,
      notify: config,
      instance: 'test',
      measureDisks: () => {
        measured += 1;
        return Promise.resolve([...disks]);
      },
    });
  const heard: Record<string, Message[]> = { ops: [], night: [] };
  const answers: Record<string, Delivered> = { ops: { kind: 'delivered' }, night: { kind: 'delivered' } };
  const delivererOf = (name: string) =>
    createDeliverer({
      sink: {
        name,
        deliver(message) {
          if (answers[name]!.kind === 'delivered') heard[name]!.push(message);
          return Promise.resolve(answers[name]!);
        },
      },
      store,
      clock,
      sender: { instance: 'test', machine: 'here' },
      giveUpMs: notify.giveUpMs,
      log: QUIET,
      troubles: { note: () => {}, over: () => {} },
      failPoint: noFailPoints,
    });
  const recorder = recorderOf(notify);
  recorder.begin();
  const deliverers = { ops: delivererOf('ops'), night: delivererOf('night') };
  const lose = (): void => {
    const at = clock.now();
    store.write((tx) => updateHost(tx, 'local', { state: 'offline', since: at, cause: 'link', reason: 'no route' }));
  };
  const find = (): void => {
    const at = clock.now();
    store.write((tx) => updateHost(tx, 'local', { state: 'online', since: at, cause: null, reason: null }));
  };
  const pass = async (ms: number, ...names: readonly ('ops' | 'night')[]): Promise<void> => {
    clock.pass(ms);
    await recorder.runOnce();
    for (const name of names) await deliverers[name].runOnce(new AbortController().signal);
  };
  return {
    site,
    notify,
    recorder,
    recorderOf,
    answers,
    disks,
    measured: () => measured,
    told: (name: string) => heard[name]!.map(({ delivery, edge, kind }) => ({ delivery, edge, kind })),
    lose,
    find,
    pass,
  };
}

test('a host that is lost, found and lost again gives two incidents with two ids, each delivered', async () => {
  const { lose, find, pass, told, site } = telling();
  lose();
  await pass(5 * MINUTE, 'ops');
  find();
  await pass(MINUTE, 'ops');
  lose();
  await pass(5 * MINUTE, 'ops');
  find();
  await pass(MINUTE, 'ops');
  expect(told('ops').map(({ edge }) => edge)).toEqual(['opened', 'ended', 'opened', 'ended']);
  expect(new Set(told('ops').map(({ delivery }) => delivery.split('.')[0])).size).toBe(2);
  const incidents = listIncidents(site.store.db, 9);
  expect(incidents).toHaveLength(2);
  expect(incidents.every(({ endedAt }) => endedAt !== null)).toBe(true);
});

test('every sink that was told of an opening is told of its end, also one that takes its messages late', async () => {
  const { lose, find, pass, told, answers } = telling();
  answers['night'] = { kind: 'failed', reason: 'busy' };
  lose();
  await pass(5 * MINUTE, 'ops', 'night');
  find();
  await pass(MINUTE, 'ops', 'night');
  expect(told('ops').map(({ edge }) => edge)).toEqual(['opened', 'ended']);
  expect(told('night')).toEqual([]);
  answers['night'] = { kind: 'delivered' };
  await pass(MINUTE, 'night');
  await pass(MINUTE, 'night');
  expect(told('night')).toEqual(told('ops'));
});

test('an end is never told before its opening was taken', async () => {
  const { lose, find, pass, told, answers, site } = telling();
  lose();
  answers['night'] = { kind: 'failed', reason: 'busy' };
  await pass(5 * MINUTE, 'night');
  find();
  answers['night'] = { kind: 'delivered' };
  // the opening waits for its back-off; the end is due at once
  await pass(1, 'night');
  expect(told('night')).toEqual([]);
  site.clock.pass(2_000);
  await pass(1, 'night');
  expect(told('night').map(({ edge }) => edge)).toEqual(['opened', 'ended']);
});

test('what was taken is not sent again, and what was given up is not tried again', async () => {
  const { lose, pass, told, answers, site } = telling();
  lose();
  answers['night'] = { kind: 'failed', reason: 'HTTP 503' };
  await pass(5 * MINUTE, 'ops', 'night');
  await pass(59 * MINUTE, 'ops', 'night');
  const tries = (): number => listIncidents(site.store.db, 1)[0]!.deliveries.find((row) => row.sink === 'night')!.tries;
  expect(tries()).toBe(2);
  await pass(2 * MINUTE, 'night');
  await pass(16 * MINUTE, 'ops', 'night');
  expect(tries()).toBe(3);
  await pass(120 * MINUTE, 'ops', 'night');
  expect(tries()).toBe(3);
  expect(told('ops')).toHaveLength(1);
});

test('a sink that is named later hears of what lasts already, and the others hear it once', async () => {
  const { lose, pass, told, notify, recorderOf, site } = telling();
  const [ops, night] = [notify.sinks[0]!, notify.sinks[1]!];
  recorderOf({ ...notify, sinks: [ops] }).begin();
  lose();
  site.clock.pass(5 * MINUTE);
  await recorderOf({ ...notify, sinks: [ops] }).runOnce();
  await pass(0, 'ops', 'night');
  expect(told('night')).toEqual([]);
  recorderOf({ ...notify, sinks: [ops, night] }).begin();
  await pass(0, 'ops', 'night');
  expect(told('night')).toEqual(told('ops'));
  expect(told('ops')).toHaveLength(1);
});

test('ends of cases are told once each, over a restart of the recorder, and grouped', async () => {
  const { site, pass, told, recorder, recorderOf, notify } = telling();
  await recorder.runOnce();
  for (const name of ['one', 'two']) {
    site.execute(site.admit(name));
    site.finish(name, 3);
  }
  await recorder.runOnce();
  const again = recorderOf(notify);
  again.begin();
  await again.runOnce();
  expect(listIncidents(site.store.db, 9).map(({ kind, count }) => [kind, count])).toEqual([['case_failed', 2]]);
  await pass(2 * MINUTE, 'ops');
  await pass(2 * MINUTE, 'ops');
  expect(told('ops').map(({ kind }) => kind)).toEqual(['case_failed']);
  expect(listIncidents(site.store.db, 9).map(({ kind, count }) => [kind, count])).toEqual([['case_failed', 2]]);
});

test('what ended is forgotten after ninety days, and what lasts is kept however old it is', async () => {
  const { site, lose, find, pass, disks } = telling();
  disks.push({ name: 'results', path: '/r', freeBytes: 1 });
  lose();
  await pass(5 * MINUTE);
  find();
  await pass(MINUTE);
  const kinds = (): string[] =>
    listIncidents(site.store.db, 9)
      .map(({ kind }) => kind)
      .toSorted();
  expect(kinds()).toEqual(['disk_low', 'host_unreachable']);
  await pass(89 * 86_400_000);
  expect(kinds()).toEqual(['disk_low', 'host_unreachable']);
  await pass(2 * 86_400_000);
  expect(kinds()).toEqual(['disk_low']);
});

test('the disks are asked every ten seconds, however often it is recorded', async () => {
  const { pass, measured } = telling();
  await pass(0);
  await pass(2_000);
  await pass(7_000);
  expect(measured()).toBe(1);
  await pass(1_000);
  expect(measured()).toBe(2);
});

import { describe, expect, test } from 'vitest';

import { incidentsNow } from '../../src/daemon/notify/alarms.ts';
import type { AlarmFacts } from '../../src/daemon/notify/alarms.ts';
import type { LastingAlarm } from '../../src/domain/alarm.ts';
import type { HostRow } from '../../src/store/hosts.ts';
import type { SlotRow } from '../../src/store/slots.ts';
import type { TroubleRow } from '../../src/store/troubles.ts';

const NOW = 1_000_000_000;
const RULES = { hostUnreachableMs: 300_000, troubleMs: 900_000, diskFreeBytes: 10 * 2 ** 30, nearLimitPercent: 90 };

const host = (change: Partial<HostRow>): HostRow => ({
  name: 'gpu1',
  state: 'online',
  since: 0,
  lastSeenAt: NOW,
  cause: null,
  reason: null,
  retryAt: null,
  reconciledAt: NOW,
  node: null,
  notices: [],
  ...change,
});

const away = (forMs: number, change: Partial<HostRow> = {}): HostRow =>
  host({ state: 'offline', cause: 'link', since: NOW - forMs, reason: 'ssh to DOE^JOHN timed out', ...change });

function alarmsOf(facts: Partial<AlarmFacts>, open: readonly (readonly [LastingAlarm, string])[] = []) {
  const nothing = { hosts: [], slots: [], troubles: [], disks: [], nearLimit: [], live: new Map() };
  return incidentsNow(
    { ...nothing, ...facts },
    RULES,
    open.map(([kind, subject]) => ({ kind, subject })),
    NOW,
  );
}

const kinds = (facts: Partial<AlarmFacts>, open: readonly (readonly [LastingAlarm, string])[] = []): string[] =>
  alarmsOf(facts, open).lasting.map(({ kind, subject }) => `${kind} ${subject}`);

describe('a host', () => {
  test('is told of once it was unreachable for long enough, by its cause and not by free text', () => {
    expect(kinds({ hosts: [away(299_999)] })).toEqual([]);
    const { lasting } = alarmsOf({ hosts: [away(300_000)], live: new Map([['gpu1', 12]]) });
    expect(lasting).toEqual([
      {
        kind: 'host_unreachable',
        subject: 'gpu1',
        since: NOW - 300_000,
        count: 12,
        facts: { host: 'gpu1', cause: 'link' },
      },
    ]);
  });

  test('that is tried again is unreachable still', () => {
    expect(kinds({ hosts: [away(300_000, { state: 'connecting' })] })).toEqual(['host_unreachable gpu1']);
  });

  test('of which a new daemon knows nothing yet neither opens nor ends anything', () => {
    const { lasting, unsure } = alarmsOf({ hosts: [host({ state: 'connecting' })] }, [['host_unreachable', 'gpu1']]);
    expect(lasting).toEqual([]);
    expect(unsure('host_unreachable', 'gpu1')).toBe(true);
    expect(unsure('queue_stopped', 'gpu1')).toBe(true);
    expect(alarmsOf({ hosts: [host({})] }).unsure('host_unreachable', 'gpu1')).toBe(false);
  });

  test('that was told of lasts from the first moment that a new daemon finds it away', () => {
    expect(kinds({ hosts: [away(10)] }, [['host_unreachable', 'gpu1']])).toEqual(['host_unreachable gpu1']);
  });

  test('that left the configuration ends what was told of it', () => {
    expect(alarmsOf({ hosts: [] }).unsure('host_unreachable', 'gpu1')).toBe(false);
  });

  test('counts cases without a host only where every host is away', () => {
    const live = new Map([
      ['gpu1', 2],
      [null, 5],
    ]);
    expect(alarmsOf({ hosts: [away(400_000)], live }).lasting[0]?.count).toBe(7);
    expect(alarmsOf({ hosts: [away(400_000), host({ name: 'gpu2' })], live }).lasting[0]?.count).toBe(2);
  });

  test('whose queue is stopped says so while it can be seen; while it cannot, nobody knows', () => {
    const notices = ['pueue group gpu0 is paused: pueue start -g gpu0'];
    expect(kinds({ hosts: [host({ notices })] })).toEqual(['queue_stopped gpu1']);
    expect(kinds({ hosts: [away(1, { notices })] })).toEqual([]);
    expect(alarmsOf({ hosts: [away(1, { notices })] }).unsure('queue_stopped', 'gpu1')).toBe(true);
    expect(alarmsOf({ hosts: [host({})] }).unsure('queue_stopped', 'gpu1')).toBe(false);
  });
});

describe('a disk', () => {
  const disk = (freeGiB: number | null) => ({
    disks: [{ name: 'results', path: '/data/results', freeBytes: freeGiB === null ? null : freeGiB * 2 ** 30 }],
  });

  test('is low below the threshold, and low until a tenth more is free', () => {
    expect(kinds(disk(10))).toEqual([]);
    expect(kinds(disk(9.99))).toEqual(['disk_low results']);
    expect(kinds(disk(10.9), [['disk_low', 'results']])).toEqual(['disk_low results']);
    expect(kinds(disk(11), [['disk_low', 'results']])).toEqual([]);
  });

  test('that cannot be asked is neither', () => {
    expect(kinds(disk(null))).toEqual([]);
    expect(alarmsOf(disk(null)).unsure('disk_low', 'results')).toBe(true);
  });
});

test('a quarantined slot is told of without its reason, which a person typed', () => {
  const slot: SlotRow = {
    host: 'gpu1',
    name: 'gpu0',
    state: 'quarantined',
    caseId: null,
    token: 'mqi-abc234-0123456789ab-1-aaaaaaaa',
    reason: 'its case was abandoned by ada without proof: DOE^JOHN',
    since: 5,
    busy: null,
    configured: true,
  };
  const { lasting } = alarmsOf({ slots: [slot, { ...slot, name: 'gpu1', state: 'free' }] });
  expect(lasting).toMatchObject([{ kind: 'slot_quarantined', subject: 'gpu1/gpu0', since: 5 }]);
  expect(JSON.stringify(lasting)).not.toContain('DOE');
});

test('a job near its limit is told of once an attempt', () => {
  const job = { caseId: 'abc', attempt: 2, host: 'gpu1', slot: 'gpu0', observedMs: 91_500, limitMs: 100_000 };
  expect(alarmsOf({ nearLimit: [job] }).lasting).toMatchObject([
    { kind: 'job_near_limit', subject: 'abc-2', facts: { case: 'abc', percent: 91 } },
  ]);
});

describe('a trouble', () => {
  const row = (change: Partial<TroubleRow> = {}): TroubleRow => ({
    subject: 'attempt/mqi-lab-c7-1-aa',
    what: 'blocked',
    host: 'gpu1',
    token: 'mqi-lab-c7-1-aa',
    reason: 'DOE^JOHN/plan.dcm cannot be read',
    since: NOW - 900_000,
    last: NOW,
    times: 1,
    overAt: null,
    ...change,
  });

  test('is told once it has lasted for long enough, by its kind and by ids, and never by its reason', () => {
    expect(kinds({ troubles: [row({ since: NOW - 899_999 })] })).toEqual([]);
    const { lasting } = alarmsOf({ troubles: [row()] });
    expect(lasting).toEqual([
      {
        kind: 'trouble',
        subject: 'blocked attempt/mqi-lab-c7-1-aa',
        since: NOW - 900_000,
        count: 1,
        facts: { what: 'blocked', host: 'gpu1', token: 'mqi-lab-c7-1-aa', case: 'c7' },
      },
    ]);
    expect(JSON.stringify(lasting)).not.toContain('DOE');
  });

  test('that was told and comes again soon stays told; another of the same thing is another', () => {
    const open = [['trouble', 'blocked attempt/mqi-lab-c7-1-aa']] as const;
    expect(kinds({ troubles: [row({ since: NOW })] }, open)).toHaveLength(1);
    expect(kinds({ troubles: [row(), row({ what: 'unremoved' })] })).toHaveLength(2);
  });

  test('of a notification target is shown, and told to nobody', () => {
    expect(kinds({ troubles: [row({ subject: 'target/ops', what: 'undelivered', host: null, token: null })] })).toEqual(
      [],
    );
  });
});

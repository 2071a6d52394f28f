import type { Mutant } from './mutant.ts';

/** Small wrong changes of what a person is told and shown; each must turn a test red. */

const RECORDER = ['test/notify/recorder.test.ts'];
const ALARMS = ['test/notify/alarms.test.ts'];
const VALUES = ['test/views/metrics.values.test.ts'];
const PEOPLE = ['test/web/people.test.ts'];
const KEYS = ['test/transport/known-hosts.test.ts'];
const SLOT_DAY = ['test/web/slot-day.test.ts'];
const TROUBLES = ['test/views/troubles.test.ts'];

export const VIEWS_MUTANTS: readonly Mutant[] = [
  {
    name: 'a second outage is the first one',
    file: 'src/daemon/notify/incident-id.ts',
    find: '[instance, kind, subject, openedAt]',
    replace: '[instance, kind, subject]',
    tests: RECORDER,
  },
  {
    name: 'only one sink is told of an end',
    file: 'src/store/incidents.ts',
    find: "for (const { sink } of told) insertDelivery(tx, { incidentId, sink, edge: 'ended' }, at, at);",
    replace:
      "for (const { sink } of told.slice(0, 1)) insertDelivery(tx, { incidentId, sink, edge: 'ended' }, at, at);",
    tests: RECORDER,
  },
  {
    name: 'only the first sink is told of an opening',
    file: 'src/daemon/notify/recorder.ts',
    find: 'for (const sink of sinksFor(incident.kind))',
    replace: 'for (const sink of sinksFor(incident.kind).slice(0, 1))',
    tests: RECORDER,
  },
  {
    name: 'an end is told before its opening was taken',
    file: 'src/daemon/notify/deliverer.ts',
    find: "delivery.edge === 'ended' && isOpeningPending(store.db, delivery)",
    replace: "delivery.edge === 'ended' && false",
    tests: RECORDER,
  },
  {
    name: 'what was taken is sent again',
    file: 'src/daemon/notify/deliverer.ts',
    find: '{ tries, deliveredAt: at, nextAt: null, error: null }',
    replace: '{ tries, deliveredAt: at, nextAt: at, error: null }',
    tests: RECORDER,
  },
  {
    name: 'a message is never given up',
    file: 'src/daemon/notify/deliverer.ts',
    find: 'at - delivery.createdAt >= deps.giveUpMs',
    replace: 'at - delivery.createdAt < 0',
    tests: RECORDER,
  },
  {
    name: 'a new sink does not hear of what lasts',
    file: 'src/daemon/notify/recorder.ts',
    find: 'if (!LASTING_ALARMS.some((kind) => kind === row.kind)) continue;',
    replace: 'if (row !== null) continue;',
    tests: RECORDER,
  },
  {
    name: 'ends of cases are told again at each round',
    file: 'src/daemon/notify/recorder.ts',
    find: 'const isBehind = entries.length > 0 ||',
    replace: 'const isBehind = entries.length > 1_000 ||',
    tests: RECORDER,
  },
  {
    name: 'what lasts is forgotten when it is old',
    file: 'src/store/incidents.ts',
    find: 'and(lt(incidents.openedAt, before), lt(incidents.endedAt, before))',
    replace: 'lt(incidents.openedAt, before)',
    tests: RECORDER,
  },
  {
    name: 'what ended is never forgotten',
    file: 'src/daemon/notify/recorder.ts',
    find: 'at - KEEP_MS, FORGET_MOST',
    replace: 'at - 2 * KEEP_MS, FORGET_MOST',
    tests: RECORDER,
  },
  {
    name: 'the disks are asked at each round',
    file: 'src/daemon/notify/recorder.ts',
    find: 'const DISKS_EVERY_MS = 10_000;',
    replace: 'const DISKS_EVERY_MS = 1_000;',
    tests: RECORDER,
  },
  {
    name: 'a host is told of at once',
    file: 'src/daemon/notify/alarms.ts',
    find: "if (now - since < rules.hostUnreachableMs && !isOpen('host_unreachable', name)) return [];",
    replace: '',
    tests: ALARMS,
  },
  {
    name: 'the reason of a trouble is sent out',
    file: 'src/daemon/notify/alarms.ts',
    find: '{ subject, what, host, token, since }: TroubleRow,',
    replace: '{ subject, what, host, reason: token, since }: TroubleRow,',
    tests: ALARMS,
  },
  {
    name: 'a trouble is told at once',
    file: 'src/daemon/notify/alarms.ts',
    find: "(now - since < rules.troubleMs && !isOpen('trouble', key))",
    replace: "(now - since < 0 && !isOpen('trouble', key))",
    tests: ALARMS,
  },
  {
    name: 'a start ends what was told of a host',
    file: 'src/daemon/notify/alarms.ts',
    find: "return host?.state === 'connecting' && host.cause === null;",
    replace: 'return false;',
    tests: ALARMS,
  },
  {
    name: 'a low disk flickers',
    file: 'src/daemon/notify/alarms.ts',
    find: 'const DISK_RELIEF = 1.1;',
    replace: 'const DISK_RELIEF = 1;',
    tests: ALARMS,
  },
  {
    name: 'a host that connects is up',
    file: 'src/views/metrics.ts',
    find: "state === 'online' ? 1 : 0",
    replace: "state !== 'offline' ? 1 : 0",
    tests: VALUES,
  },
  {
    name: 'an age is in milliseconds',
    file: 'src/views/metrics.ts',
    find: 'return Math.max(0, nowMs - atMs) / 1_000;',
    replace: 'return Math.max(0, nowMs - atMs);',
    tests: VALUES,
  },
  {
    name: 'an age is negative after the clock was set back',
    file: 'src/views/metrics.ts',
    find: 'return Math.max(0, nowMs - atMs) / 1_000;',
    replace: 'return (nowMs - atMs) / 1_000;',
    tests: VALUES,
  },
  {
    name: 'what waits is counted as given up',
    file: 'src/store/queries/metrics.ts',
    find: 'sum(${deliveries.nextAt} is null and ${deliveries.deliveredAt} is null)',
    replace: 'sum(${deliveries.deliveredAt} is null)',
    tests: VALUES,
  },
  {
    name: 'incidents that ended are counted as open',
    file: 'src/store/queries/metrics.ts',
    find: '.where(isNull(incidents.endedAt))',
    replace: '',
    tests: VALUES,
  },
  {
    name: 'orders that were handled are counted as open',
    file: 'src/store/queries/metrics.ts',
    find: '.where(isNull(orders.handledAt))',
    replace: '',
    tests: VALUES,
  },
  {
    name: 'a paused case is the oldest that waits',
    file: 'src/store/queries/metrics.ts',
    find: "and(sql`${cases.state} = 'submitted'`, sql`not ${cases.paused}`)",
    replace: "and(sql`${cases.state} = 'submitted'`, sql`${cases.paused}`)",
    tests: VALUES,
  },
  {
    name: 'every live case is unseen',
    file: 'src/store/queries/metrics.ts',
    find: 'and(live, isNotNull(cases.blindCause))',
    replace: 'live',
    tests: VALUES,
  },
  {
    name: 'the expiry of a session is not sealed',
    file: 'src/views/web/people.ts',
    find: '`${token.name}~${expires}`).digest',
    replace: '`${token.name}`).digest',
    tests: PEOPLE,
  },
  {
    name: 'a session lasts a moment too long',
    file: 'src/views/web/people.ts',
    find: 'expires <= nowMs',
    replace: 'expires < nowMs',
    tests: PEOPLE,
  },
  {
    name: 'the name of a session is not sealed, where both have one secret',
    file: 'src/views/web/people.ts',
    find: '`${token.name}~${expires}`).digest',
    replace: '`${expires}`).digest',
    tests: PEOPLE,
  },
  {
    name: 'a key that is revoked under the bare name is good on a port',
    file: 'src/transport/known-hosts.ts',
    find: '[...own, ...portless].find((entry) => entry.marker',
    replace: '[...own].find((entry) => entry.marker',
    tests: KEYS,
  },
  {
    name: 'a trouble is shown without its reason',
    file: 'src/views/troubles.ts',
    find: 'return `${about(row)}${TROUBLES[row.what]}: ${row.reason}`;',
    replace: 'return `${about(row)}${TROUBLES[row.what]}`;',
    tests: TROUBLES,
  },
  {
    name: 'many troubles are told one by one',
    file: 'src/views/troubles.ts',
    find: 'const TOLD_SINGLY = 3;',
    replace: 'const TOLD_SINGLY = 30;',
    tests: TROUBLES,
  },
  {
    name: 'a trouble names no case',
    file: 'src/views/troubles.ts',
    find: 'case: caseIdOf(row),',
    replace: 'case: null,',
    tests: TROUBLES,
  },
  {
    name: 'a case that holds a slot now is not drawn',
    file: 'src/views/web/slot-day.ts',
    find: "if (slot.state !== 'leased') continue;",
    replace: "if (slot.state === 'leased') continue;",
    tests: SLOT_DAY,
  },
];

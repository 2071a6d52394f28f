import type { LastingAlarm } from '../../domain/alarm.ts';
import { parseToken } from '../../domain/attempt.ts';
import type { TroubleKind } from '../../domain/trouble.ts';
import type { IncidentRow } from '../../store/incidents.ts';
import type { HostRow, NearLimit } from '../../store/queries.ts';
import type { SlotRow } from '../../store/slots.ts';
import type { TroubleRow } from '../../store/troubles.ts';

/** From which point on something is worth a message. */
export interface AlarmRules {
  readonly hostUnreachableMs: number;
  /** How long something is wrong before it is told. */
  readonly troubleMs: number;
  readonly diskFreeBytes: number;
  /** 1 to 99. */
  readonly nearLimitPercent: number;
}

/** Room on a file system that the daemon writes to. */
export interface DiskFacts {
  /** `results`, `database`, or `host/NAME` for the root of a local host. */
  readonly name: string;
  readonly path: string;
  /** Null: it could not be asked. */
  readonly freeBytes: number | null;
}

/** What alarms are made of; read at one moment. */
export interface AlarmFacts {
  readonly hosts: readonly HostRow[];
  readonly slots: readonly SlotRow[];
  /** What is wrong now. */
  readonly troubles: readonly TroubleRow[];
  readonly disks: readonly DiskFacts[];
  readonly nearLimit: readonly NearLimit[];
  /** Cases under way on each host; under null those without a host yet. */
  readonly live: ReadonlyMap<string | null, number>;
}

/** An incident that lasts now. Its facts hold only opaque ids, names of the configuration and numbers: they are sent out. */
export interface Lasting {
  readonly kind: LastingAlarm;
  readonly subject: string;
  /** When it began, as far as anybody knows. */
  readonly since: number;
  readonly count: number;
  readonly facts: Readonly<Record<string, unknown>>;
}

export interface IncidentsNow {
  readonly lasting: readonly Lasting[];
  /** Nobody can see whether it lasts: what is open stays open, and nothing opens. */
  readonly unsure: (kind: IncidentRow['kind'], subject: string) => boolean;
}

/** Once more than the threshold by this factor is free, a low disk is over: it must not open and end with each case. */
const DISK_RELIEF = 1.1;

/** Which incidents last now, by the facts and the rules; `open` are those that lasted until now. */
export function incidentsNow(
  facts: AlarmFacts,
  rules: AlarmRules,
  open: readonly Pick<IncidentRow, 'kind' | 'subject'>[],
  now: number,
): IncidentsNow {
  const isOpen = (kind: LastingAlarm, subject: string): boolean =>
    open.some((incident) => incident.kind === kind && incident.subject === subject);
  return {
    lasting: [
      ...facts.hosts.flatMap((host) => unreachable(host, facts, isOpen, rules, now)),
      ...facts.hosts.flatMap((host) => stopped(host, facts, now)),
      ...facts.slots.filter((slot) => slot.state === 'quarantined').map(quarantined),
      ...facts.troubles.flatMap((row) => trouble(row, isOpen, rules, now)),
      ...facts.disks.flatMap((disk) => low(disk, isOpen('disk_low', disk.name), rules, now)),
      ...facts.nearLimit.map((job) => near(job, now)),
    ],
    unsure: (kind, subject) => {
      const host = facts.hosts.find(({ name }) => name === subject);
      switch (kind) {
        case 'host_unreachable':
          // a start knows nothing of a host before its first connection
          return host?.state === 'connecting' && host.cause === null;
        case 'queue_stopped':
          return host !== undefined && host.state !== 'online';
        case 'disk_low':
          return facts.disks.some((disk) => disk.name === subject && disk.freeBytes === null);
        default:
          return false;
      }
    },
  };
}

function unreachable(
  host: HostRow,
  { hosts, live }: AlarmFacts,
  isOpen: (kind: LastingAlarm, subject: string) => boolean,
  rules: AlarmRules,
  now: number,
): readonly Lasting[] {
  const { name, since, cause } = host;
  if (cause === null) return [];
  if (now - since < rules.hostUnreachableMs && !isOpen('host_unreachable', name)) return [];
  // where every host is away, the cases that wait for any of them wait for this one too
  const homeless = hosts.every((other) => other.cause !== null) ? (live.get(null) ?? 0) : 0;
  const count = (live.get(name) ?? 0) + homeless;
  return [{ kind: 'host_unreachable', subject: name, since, count, facts: { host: name, cause } }];
}

function stopped(host: HostRow, { live }: AlarmFacts, now: number): readonly Lasting[] {
  const { name, state, notices } = host;
  if (state !== 'online' || notices.length === 0) return [];
  const facts = { host: name, notices: notices.length };
  return [{ kind: 'queue_stopped', subject: name, since: now, count: live.get(name) ?? 0, facts }];
}

function quarantined({ host, name, since, token }: SlotRow): Lasting {
  return { kind: 'slot_quarantined', subject: `${host}/${name}`, since, count: 1, facts: { host, slot: name, token } };
}

/** Those of a notification target are shown, and not told: there may be nobody to tell them to. */
const UNTOLD: ReadonlySet<TroubleKind> = new Set<TroubleKind>(['undelivered', 'notifications']);

function trouble(
  { subject, what, host, token, since }: TroubleRow,
  isOpen: (kind: LastingAlarm, subject: string) => boolean,
  rules: AlarmRules,
  now: number,
): readonly Lasting[] {
  const key = `${what} ${subject}`;
  if (UNTOLD.has(what) || (now - since < rules.troubleMs && !isOpen('trouble', key))) return [];
  const caseId = token === null ? null : (parseToken(token)?.caseId ?? null);
  // never the reason: it may hold the name of a case
  const facts = { what, host, token, case: caseId };
  return [{ kind: 'trouble', subject: key, since, count: caseId === null ? 0 : 1, facts }];
}

function low(disk: DiskFacts, isOpen: boolean, rules: AlarmRules, now: number): readonly Lasting[] {
  const { name, path, freeBytes } = disk;
  if (freeBytes === null || freeBytes >= rules.diskFreeBytes * (isOpen ? DISK_RELIEF : 1)) return [];
  // to the GiB: a message more or less is not worth a row for each block that is written
  const facts = { path, freeGiB: Math.floor(freeBytes / 2 ** 30), belowBytes: rules.diskFreeBytes };
  return [{ kind: 'disk_low', subject: name, since: now, count: 0, facts }];
}

function near({ caseId, attempt, host, slot, observedMs, limitMs }: NearLimit, now: number): Lasting {
  const facts = { case: caseId, attempt, host, slot, limitMs, percent: Math.floor((observedMs * 100) / limitMs) };
  return { kind: 'job_near_limit', subject: `${caseId}-${attempt}`, since: now, count: 1, facts };
}

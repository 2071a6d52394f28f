import { SLOT_HOLDING_PHASES } from '../../domain/case.ts';
import type { Phase } from '../../domain/case.ts';
import type { HostRow, SentTo, SlotWithCase, SpellRow, Step } from '../../store/queries.ts';

/** Why a slot was idle, the strongest reason first. */
export const IDLE_REASONS = ['quarantined', 'blind', 'ready', 'travelling', 'waiting', 'nothing', 'unknown'] as const;
export type IdleReason = (typeof IDLE_REASONS)[number];

export interface Segment {
  readonly fromMs: number;
  readonly toMs: number;
  readonly what: 'busy' | IdleReason;
  /** Who held it. */
  readonly caseId: string | null;
}

export interface SlotDay {
  readonly host: string;
  readonly name: string;
  /** Without gaps, oldest first, from the beginning of the window to now. */
  readonly segments: readonly Segment[];
}

export interface DayFacts {
  readonly fromMs: number;
  readonly nowMs: number;
  /** Oldest first. */
  readonly steps: readonly Step[];
  /** Of every case among the steps. */
  readonly sent: readonly SentTo[];
  /** As they are now; what was before is found by going back from here. */
  readonly slots: readonly SlotWithCase[];
  readonly hosts: readonly HostRow[];
  /** When each host was unreachable. */
  readonly spells: readonly Pick<SpellRow, 'host' | 'since' | 'endedAt'>[];
  /** Where each case is now that is not over. */
  readonly live: readonly {
    readonly id: string;
    readonly phase: Phase;
    readonly host: string | null;
  }[];
  /** When the journal begins; before that nobody knows. */
  readonly beganMs: number | null;
}

/** How each slot was used, drawn from the journal: who held it, and while nobody did, what there was to do. Pure. */
export function slotDays(facts: DayFacts): readonly SlotDay[] {
  const where = new Map<string, SentTo>();
  for (const sent of facts.sent) {
    const key = `${sent.caseId} ${sent.number}`;
    // of an attempt that was sent twice, the one that had a slot
    if (sent.slot !== null || !where.has(key)) where.set(key, sent);
  }
  const placeOf = (caseId: string, attempt: number): SentTo | undefined => where.get(`${caseId} ${attempt}`);
  const held = holds(facts, placeOf);
  const work = workOver(facts, placeOf);
  return facts.slots.map((slot) => {
    const own = (held.get(`${slot.host} ${slot.name}`) ?? []).toSorted((a, b) => a.fromMs - b.fromMs);
    return { host: slot.host, name: slot.name, segments: withGaps(own, slot, facts, work) };
  });
}

type Place = (caseId: string, attempt: number) => SentTo | undefined;

/** When each slot was held, by `HOST SLOT`. */
function holds({ steps, slots, fromMs, nowMs }: DayFacts, placeOf: Place): Map<string, Segment[]> {
  const found = new Map<string, Segment[]>();
  const begun = new Map<string, number>();
  const add = (key: string, segment: Segment): void => {
    if (segment.toMs <= segment.fromMs) return;
    found.set(key, [...(found.get(key) ?? []), segment]);
  };
  for (const step of steps) {
    const was = step.from !== null && SLOT_HOLDING_PHASES.has(step.from);
    const is = SLOT_HOLDING_PHASES.has(step.to);
    if (!was && is) begun.set(step.caseId, step.at);
    if (!was || is) continue;
    const place = placeOf(step.caseId, step.attempt);
    const since = begun.get(step.caseId) ?? fromMs;
    begun.delete(step.caseId);
    if (place === undefined || place.slot === null) continue;
    const segment = { fromMs: Math.max(fromMs, since), toMs: step.at, what: 'busy', caseId: step.caseId } as const;
    add(`${place.host} ${place.slot}`, segment);
  }
  for (const slot of slots) {
    if (slot.state !== 'leased') continue;
    const fromLeaseMs = Math.max(fromMs, slot.since);
    add(`${slot.host} ${slot.name}`, { fromMs: fromLeaseMs, toMs: nowMs, what: 'busy', caseId: slot.caseId });
  }
  return found;
}

/** How many cases there were to do, from a moment until the next. */
interface Work {
  readonly atMs: number;
  readonly waiting: number;
  readonly byHost: ReadonlyMap<string, { readonly travelling: number; readonly ready: number }>;
}

/** Goes back from what is now, a step at a time. Oldest first. */
function workOver({ steps, live, fromMs, nowMs }: DayFacts, placeOf: Place): readonly Work[] {
  let waiting = 0;
  const hosts = new Map<string, { travelling: number; ready: number }>();
  const of = (host: string) => {
    const known = hosts.get(host) ?? { travelling: 0, ready: 0 };
    hosts.set(host, known);
    return known;
  };
  const count = (phase: Phase | null, host: string | undefined, by: 1 | -1): void => {
    if (phase === 'waiting') waiting += by;
    if (phase === 'staging' && host !== undefined) of(host).travelling += by;
    if (phase === 'staged' && host !== undefined) of(host).ready += by;
  };
  for (const row of live) {
    count(row.phase, row.host ?? undefined, 1);
  }
  const snapshot = (atMs: number): Work => ({
    atMs,
    waiting,
    byHost: new Map([...hosts].map(([host, work]) => [host, { ...work }])),
  });
  const found: Work[] = [];
  for (const [index, step] of steps.toReversed().entries()) {
    // what was true from this step until the next, which is now for the last
    found.push(snapshot(step.at));
    const host = placeOf(step.caseId, step.attempt)?.host;
    if (step.from !== step.to) {
      count(step.to, host, -1);
      count(step.from, host, 1);
    }
    if (index === steps.length - 1) found.push(snapshot(fromMs));
  }
  if (steps.length === 0) found.push(snapshot(fromMs));
  return found.toReversed().filter((work) => work.atMs <= nowMs);
}

function withGaps(
  held: readonly Segment[],
  slot: SlotWithCase,
  facts: DayFacts,
  work: readonly Work[],
): readonly Segment[] {
  const segments: Segment[] = [];
  let atMs = facts.fromMs;
  for (const segment of held) {
    if (segment.fromMs > atMs) segments.push(...idle(atMs, segment.fromMs, slot, facts, work));
    const begins = Math.max(segment.fromMs, atMs);
    if (segment.toMs > begins) segments.push({ ...segment, fromMs: begins });
    atMs = Math.max(atMs, segment.toMs);
  }
  if (atMs < facts.nowMs) segments.push(...idle(atMs, facts.nowMs, slot, facts, work));
  return segments;
}

/** An idle time, cut where the reason changes. */
function idle(
  fromMs: number,
  toMs: number,
  slot: SlotWithCase,
  facts: DayFacts,
  work: readonly Work[],
): readonly Segment[] {
  const host = facts.hosts.find(({ name }) => name === slot.host);
  const cuts = [
    slot.since,
    host?.since ?? fromMs,
    ...facts.spells
      .filter(({ host: name }) => name === slot.host)
      .flatMap(({ since, endedAt }) => [since, endedAt ?? toMs]),
    facts.beganMs ?? toMs,
    ...work.slice(firstAfter(work, fromMs), firstAfter(work, toMs)).map(({ atMs }) => atMs),
  ];
  const bounds = [fromMs, ...cuts.filter((at) => at > fromMs && at < toMs).toSorted((a, b) => a - b), toMs];
  const merged: Segment[] = [];
  for (const [index, begins] of bounds.slice(0, -1).entries()) {
    const ends = bounds[index + 1]!;
    if (ends <= begins) continue;
    const what = reasonAt(begins, slot, host, facts, work);
    const last = merged.at(-1);
    if (last?.what === what) merged[merged.length - 1] = { ...last, toMs: ends };
    else merged.push({ fromMs: begins, toMs: ends, what, caseId: null });
  }
  return merged;
}

function reasonAt(
  atMs: number,
  slot: SlotWithCase,
  host: HostRow | undefined,
  facts: DayFacts,
  work: readonly Work[],
): IdleReason {
  if (facts.beganMs === null || atMs < facts.beganMs) return 'unknown';
  if (slot.state === 'quarantined' && atMs >= slot.since) return 'quarantined';
  const then = work[firstAfter(work, atMs) - 1];
  const here = then?.byHost.get(slot.host);
  if (facts.spells.some(({ host: name, since, endedAt }) => name === slot.host && isWithin(atMs, since, endedAt)))
    return 'blind';
  if (host !== undefined && host.state !== 'online' && atMs >= host.since) return 'blind';
  if ((here?.ready ?? 0) > 0) return 'ready';
  if ((here?.travelling ?? 0) > 0) return 'travelling';
  return (then?.waiting ?? 0) > 0 ? 'waiting' : 'nothing';
}

function isWithin(atMs: number, sinceMs: number, endedMs: number | null): boolean {
  return atMs >= sinceMs && (endedMs === null || atMs < endedMs);
}

/** The index of the first that is later. */
function firstAfter(work: readonly Work[], atMs: number): number {
  let [low, high] = [0, work.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (work[middle]!.atMs <= atMs) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** How long each thing was true, milliseconds. */
export function totals(day: SlotDay): ReadonlyMap<Segment['what'], number> {
  const sums = new Map<Segment['what'], number>();
  for (const { what, fromMs, toMs } of day.segments) sums.set(what, (sums.get(what) ?? 0) + toMs - fromMs);
  return sums;
}

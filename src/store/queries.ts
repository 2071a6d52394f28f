/**
 * All that the views and the CLI read. Nothing here writes, and every list that can grow is either bounded or paged.
 */
export * from './queries/alarms.ts';
export * from './queries/case-detail.ts';
export * from './queries/case-list.ts';
export * from './queries/live-view.ts';
export * from './queries/metrics.ts';
export * from './queries/resources.ts';
export * from './queries/slot-history.ts';

export { hasAttempts, holdingBack, readAttempt } from './attempts.ts';
export type { AttemptRow } from './attempts.ts';
export type { CandidateRow } from './candidates.ts';
export { countStaged, readCase } from './cases.ts';
export type { ReadDb, Reader } from './database.ts';
export type { DeliveryRow, IncidentRow } from './incidents.ts';
export type { FinalCounts } from './history.ts';
export { isBeingChecked, isUnreachable, readHosts as listHosts } from './hosts.ts';
export { leftRoot, putBack, saidOf } from './left-root.ts';
export type { LeftRoot } from './left-root.ts';
export type { HostRow } from './hosts.ts';
export type { JournalRow } from './journal.ts';
export { spellsSince } from './spells.ts';
export type { SpellRow } from './spells.ts';
export { countTroubles, lastingTroubles, troublesOfTokens } from './troubles.ts';
export type { TroubleRow } from './troubles.ts';
export { instanceOf, webOf } from './meta.ts';
export type { WebPlace } from './meta.ts';
export { openOrders, readOrder } from './orders.ts';
export type { OrderRow } from './orders.ts';
export { CANDIDATE_STATES } from './schema.ts';
export type { CandidateState } from './schema.ts';

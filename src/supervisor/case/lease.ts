import type { CaseEvent } from '../../../machines/index.ts';
import type { CaseRow } from '../../store/cases.ts';
import type { Tx } from '../../store/database.ts';
import { adoptSlot, freeSlotsOfCase, leaseSlot, quarantineSlotsOfCase } from '../../store/slots.ts';
import type { Said } from './said.ts';
import type { CaseSnapshot } from './snapshot.ts';

/** The lease follows the tag of the states: a case that comes to hold a slot takes it, one that holds none gives it back. */
export function commitLease(
  tx: Tx,
  before: CaseSnapshot,
  after: CaseSnapshot,
  row: CaseRow,
  event: CaseEvent,
  said: Said,
  at: number,
): void {
  const [held, holds] = [before.hasTag('holdsSlot'), after.hasTag('holdsSlot')];
  if (held === holds) return;
  if (!holds) {
    if (said.quarantineSlot) quarantineSlotsOfCase(tx, row.id, unproven(event), at);
    else freeSlotsOfCase(tx, row.id, at);
    return;
  }
  const { host, slot, token } = after.context;
  if (host === null || slot === null || token === null) throw new Error(`case ${row.id} holds a slot without a name`);
  if (said.takeOverSlot) adoptSlot(tx, host, slot, row.id, token, at);
  else leaseSlot(tx, host, slot, row.id, token, at);
}

function unproven(event: CaseEvent): string {
  const who = 'by' in event ? ` by ${event.by}` : '';
  const why = 'why' in event ? `: ${event.why}` : '';
  return `its case was abandoned${who} without proof${why}`;
}

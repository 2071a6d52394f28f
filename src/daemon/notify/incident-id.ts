import { createHash } from 'node:crypto';

import type { AlarmKind } from '../../domain/alarm.ts';

/** The same for the same beginning of the same thing; unique over all installations that a receiver may hear of. */
export function incidentId(instance: string, kind: AlarmKind, subject: string, openedAt: number): string {
  const hash = createHash('sha256').update(JSON.stringify([instance, kind, subject, openedAt]));
  return `ep-${hash.digest('hex').slice(0, 20)}`;
}

import type { StopReason } from '../../../machines/index.ts';
import { isFinal } from '../../domain/case.ts';
import {
  countStaged,
  holdingBack,
  isRestoredBackup,
  listHosts,
  listSlots,
  openOrders,
  readAttempt,
  readCase,
  troublesOfTokens,
  turnOf,
  waitingFolder,
} from '../../store/queries.ts';
import type { ReadDb } from '../../store/queries.ts';
import type { WhyConfig, WhyDaemon, WhyFacts } from './facts.ts';

/** Everything that `explain` needs to know of one case; null when there is no such case. */
export function gatherWhy(
  db: ReadDb,
  caseId: string,
  config: WhyConfig,
  daemon: WhyDaemon,
  nowMs: number,
): WhyFacts | null {
  const row = readCase(db, caseId);
  if (row === null) return null;
  const waits = row.state === 'submitted';
  const heldBackBy = holdingBackOf(db, row);
  const tokens = [...heldBackBy.map(({ token }) => token), ...(row.token === null ? [] : [row.token])];
  return {
    row,
    ...contextOf(row.snapshot),
    attempt: row.token === null ? null : readAttempt(db, row.token),
    heldBackBy,
    troubles: troublesOfTokens(db, tokens),
    turn: waits ? turnOf(db, row) : null,
    hosts: listHosts(db),
    slots: listSlots(db),
    staged: new Map(config.hosts.map((host) => [host.name, countStaged(db, host.name)])),
    isRestored: isRestoredBackup(db),
    folder: isFinal(row.state) ? waitingFolder(db, row.path) : null,
    openOrders: openOrders(db).filter((order) => order.caseId === row.id),
    config,
    daemon,
    nowMs,
  };
}

/** Of a failed case its last attempt too: an operator may have started what was never to run. */
function holdingBackOf(db: ReadDb, row: WhyFacts['row']): WhyFacts['heldBackBy'] {
  if (row.state === 'submitted') return holdingBack(db, row.id, row.token);
  return row.state === 'failed' ? holdingBack(db, row.id, null) : [];
}

interface FromContext {
  readonly stop: StopReason | null;
  readonly lingerMs: number;
  readonly uploadTries: number;
}

/** What only the snapshot knows; one that cannot be read says nothing, and its case is set aside anyway. */
function contextOf(snapshot: string): FromContext {
  const nothing: FromContext = { stop: null, lingerMs: 0, uploadTries: 0 };
  try {
    const { context } = JSON.parse(snapshot) as { readonly context?: Partial<FromContext> };
    return {
      stop: context?.stop ?? null,
      lingerMs: context?.lingerMs ?? 0,
      uploadTries: context?.uploadTries ?? 0,
    };
  } catch {
    return nothing;
  }
}

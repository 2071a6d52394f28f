import type { Clock } from '../domain/clock.ts';
import { TROUBLES, subjectText } from '../domain/trouble.ts';
import type { TroubleKind, TroubleSubject, Troubles } from '../domain/trouble.ts';
import type { Store } from '../store/database.ts';
import { beginTroubles, endTrouble, noteTrouble } from '../store/troubles.ts';
import type { Log } from './log.ts';
import { reasonOf } from './log.ts';

/** `last` of a trouble that lasts is written at most this often. */
const WRITE_EVERY_MS = 60_000;

/** Troubles held at once; of more of them the log and the database would say nothing that a person can use. */
const MOST = 10_000;

interface Known {
  readonly subject: TroubleSubject;
  readonly kind: TroubleKind;
  reason: string;
  isOver: boolean;
  /** Not as the database has it: a full disk, mostly. */
  isOwed: boolean;
  writtenAtMs: number;
}

/**
 * The one place where troubles are told. Each is logged once when it begins or changes its reason, and once when it is
 * over; what a full disk kept from being written goes with the next one.
 */
export function createTroubles(deps: { readonly store: Store; readonly clock: Clock; readonly log: Log }): Troubles {
  const { store, clock, log } = deps;
  const known = new Map<string, Known>();
  let hasBegun = false;

  const write = (): void => {
    const owed = [...known].filter(([, trouble]) => trouble.isOwed);
    if (owed.length === 0 && hasBegun) return;
    const at = clock.now();
    try {
      store.write((tx) => {
        if (!hasBegun) beginTroubles(tx, at);
        for (const [, { subject, kind, reason, isOver }] of owed) {
          if (isOver) endTrouble(tx, subject, kind, at);
          else noteTrouble(tx, subject, kind, reason, at);
        }
      });
    } catch {
      // the log has it, and the next one tries again
      return;
    }
    hasBegun = true;
    for (const [key, trouble] of owed) {
      trouble.isOwed = false;
      trouble.writtenAtMs = clock.monotonic();
      if (trouble.isOver) known.delete(key);
    }
  };

  // what the daemon before this one was in trouble with is met again, or over
  write();

  return {
    note(subject, kind, error) {
      const key = `${subjectText(subject)} ${kind}`;
      const reason = reasonOf(error);
      const before = known.get(key);
      if (before === undefined && known.size >= MOST) return;
      const isNew = before === undefined || before.isOver || before.reason !== reason;
      if (isNew) {
        const fields = { subject: subjectText(subject), trouble: kind, reason };
        log.error(fields, `${sentence(subject, kind)}: ${reason}`);
      }
      if (!isNew && !before.isOwed && clock.monotonic() - before.writtenAtMs < WRITE_EVERY_MS) return;
      known.set(key, { subject, kind, reason, isOver: false, isOwed: true, writtenAtMs: Number.NEGATIVE_INFINITY });
      write();
    },
    over(subject, kind) {
      const trouble = known.get(`${subjectText(subject)} ${kind}`);
      if (trouble !== undefined && !trouble.isOver) {
        log.info({ subject: subjectText(subject), trouble: kind }, `over: ${sentence(subject, kind)}`);
        trouble.isOver = trouble.isOwed = true;
      }
      write();
    },
  };
}

function sentence(subject: TroubleSubject, kind: TroubleKind): string {
  switch (subject.kind) {
    case 'daemon':
    case 'intake':
      return TROUBLES[kind];
    case 'host':
      return `${TROUBLES[kind]} (${subject.host})`;
    case 'target':
      return `${TROUBLES[kind]} (${subject.target})`;
    case 'attempt':
      return `${TROUBLES[kind]} (${subject.token} on ${subject.host})`;
  }
}

import type { CaseEvent } from '../../../machines/index.ts';
import type { Clock } from '../../domain/clock.ts';
import type { Store, Tx } from '../../store/database.ts';
import { commitEvent } from './commit.ts';
import type { CaseChange } from './commit.ts';
import type { FailPoint } from '../fail-point.ts';

export interface DispatchOptions {
  /** The entry that an outcome or a look speaks for; dropped when the case has moved on since. */
  readonly entry?: number;
  /** Written in the same transaction, when the event was accepted. */
  readonly also?: (tx: Tx) => void;
}

/** The only way a case changes. Null: not accepted, or of an entry that is past. */
export type Dispatch = (caseId: string, event: CaseEvent, options?: DispatchOptions) => CaseChange | null;

export interface Dispatching {
  readonly dispatch: Dispatch;
  /** Changes that were committed elsewhere (a case admitted, an attempt started): told to the listeners alike. */
  announce(change: CaseChange): void;
  /** Listeners act only after the commit; one that throws is a programmer's error. */
  onChange(listener: (change: CaseChange) => void): void;
}

/** Decide → commit; whoever listens acts. */
export function createDispatching(deps: {
  readonly store: Store;
  readonly clock: Clock;
  readonly failPoint: FailPoint;
}): Dispatching {
  const { store, clock, failPoint } = deps;
  const listeners: ((change: CaseChange) => void)[] = [];
  const announce = (change: CaseChange): void => {
    failPoint(`commit.after.${change.event.type}`);
    for (const listener of listeners) listener(change);
  };
  return {
    dispatch(caseId, event, options = {}) {
      failPoint(`commit.before.${event.type}`);
      const change = store.write((tx) => {
        const committed = commitEvent(tx, caseId, event, options.entry ?? null, clock.now());
        if (committed !== null) options.also?.(tx);
        return committed;
      });
      if (change !== null) announce(change);
      return change;
    },
    announce,
    onChange: (listener) => void listeners.push(listener),
  };
}

import { assertNever } from '../domain/assert-never.ts';
import { isFinal } from '../domain/case.ts';
import type { Clock } from '../domain/clock.ts';
import type { Order } from '../domain/order.ts';
import { dismissEndedOrphans, holdingBack, readAttemptsOfCase, recordProof, updateAttempt } from '../store/attempts.ts';
import { readCase, updateCase } from '../store/cases.ts';
import type { CaseRow } from '../store/cases.ts';
import type { Store, Tx } from '../store/database.ts';
import { closeOrder, openOrders, orderOf } from '../store/orders.ts';
import type { OrderRow } from '../store/orders.ts';
import { clearSlot, readSlot } from '../store/slots.ts';
import type { CaseEvent } from '../../machines/index.ts';
import { startAttempt } from './admit.ts';
import type { FoundCase } from './admit.ts';
import type { Dispatching } from './dispatch.ts';
import { reasonOf } from './log.ts';

/** What became of an order; recorded beside it, and printed to whoever gave it. */
export interface OrderOutcome {
  readonly outcome: 'done' | 'refused';
  readonly message: string;
}

/** What orders need of the intake: to read a folder anew, and to let a held-back history in. */
export interface OrderedIntake {
  inspect(
    path: string,
  ): Promise<
    | { readonly kind: 'ready'; readonly found: FoundCase }
    | { readonly kind: 'rejected' | 'settling'; readonly reason: string }
  >;
  admit(order: {
    readonly path: string | null;
    readonly asDone: boolean;
  }): Promise<{ readonly admitted: number; readonly message: string }>;
}

export interface Orders {
  /** Handles every open order, oldest first. Never rejects for an order's sake. */
  runOnce(): Promise<void>;
}

const done = (message: string): OrderOutcome => ({ outcome: 'done', message });
const refused = (message: string): OrderOutcome => ({ outcome: 'refused', message });

export function createOrders(deps: {
  readonly store: Store;
  readonly clock: Clock;
  readonly dispatching: Dispatching;
  readonly intake: OrderedIntake;
  /** Asks for another judgement of a host's attempts. */
  readonly reconcile: (host: string) => void;
  readonly takeover: (host: string) => Promise<OrderOutcome>;
}): Orders {
  const { store, clock, dispatching, intake } = deps;

  /** Writes the outcome in the same transaction as what it did, so that a crash never leaves one without the other. */
  const close = (tx: Tx, row: OrderRow, result: OrderOutcome): void =>
    closeOrder(tx, row.id, result.outcome, result.message, clock.now());

  const closeAlone = (row: OrderRow, result: OrderOutcome): void => store.write((tx) => close(tx, row, result));

  const send = (
    row: OrderRow,
    caseId: string,
    event: CaseEvent,
    message: string,
    otherwise: (row: CaseRow) => string,
  ): void => {
    const found = readCase(store.db, caseId);
    if (found === null) return closeAlone(row, refused(`there is no case ${caseId}`));
    const change = dispatching.dispatch(caseId, event, { also: (tx) => close(tx, row, done(message)) });
    if (change === null) closeAlone(row, refused(otherwise(found)));
  };

  const retry = async (row: OrderRow, order: Extract<Order, { kind: 'retry' }>): Promise<void> => {
    const before = readCase(store.db, order.caseId);
    if (before === null) return closeAlone(row, refused(`there is no case ${order.caseId}`));
    const held = holdingBack(store.db, before.id, before.token);
    const isHeld = before.phase === 'waiting' && held.some((attempt) => attempt.orphan !== null);
    if (!isFinal(before.state) && !isHeld && before.setAside === null) {
      return closeAlone(
        row,
        refused(`it is ${before.phase}: only a case that is over can be retried (mqi cases cancel ${before.id})`),
      );
    }
    if (before.setAside !== null && before.state !== 'submitted') {
      return closeAlone(
        row,
        refused(`its state cannot be read and a job of it may run (mqi cases abandon ${before.id})`),
      );
    }
    const alive = held.find((attempt) => attempt.proof === null && attempt.orphan !== null);
    if (alive !== undefined) {
      return closeAlone(
        row,
        refused(
          `attempt ${alive.token} may still run on ${alive.host} (${alive.orphan}): mqi cases adopt ${before.id}`,
        ),
      );
    }
    const folder = await intake.inspect(before.path);
    if (folder.kind !== 'ready') return closeAlone(row, refused(`its folder cannot be taken: ${folder.reason}`));
    const change = store.write((tx) => {
      const now = readCase(tx, order.caseId)!;
      if (now.entry !== before.entry) return null;
      dismissEndedOrphans(tx, now.id);
      const limitMs = order.limitMs ?? now.limitMs;
      const started = startAttempt(tx, now, { found: folder.found, limitMs, by: row.by, why: row.why }, clock.now());
      const changed = now.fingerprint === folder.found.fingerprint ? '' : ' with the folder as it is now';
      close(tx, row, done(`attempt ${started.row.attempt} waits for its turn${changed}`));
      return started;
    });
    if (change === null) return closeAlone(row, refused('the case moved on meanwhile; look again: mqi cases show'));
    dispatching.announce(change);
  };

  const adopt = (row: OrderRow, order: Extract<Order, { kind: 'adopt' }>): void => {
    const target = readCase(store.db, order.caseId);
    if (target === null) return closeAlone(row, refused(`there is no case ${order.caseId}`));
    const orphans = readAttemptsOfCase(store.db, order.caseId).filter(
      (attempt) => attempt.orphan !== null && (order.token === null || attempt.token === order.token),
    );
    const [orphan, second] = orphans;
    if (orphan === undefined) return closeAlone(row, refused('no orphan of this case is known (mqi orphans)'));
    if (second !== undefined) {
      return closeAlone(
        row,
        refused(`it has ${orphans.length} orphans; name one with --token: ${orphans.map((o) => o.token).join(', ')}`),
      );
    }
    if (orphan.slot === null) return closeAlone(row, refused(`nobody knows which slot ${orphan.token} runs on`));
    if (!isFinal(target.state) && target.state !== 'submitted') {
      return closeAlone(row, refused(`it is ${target.phase}: its own job comes first (mqi cases cancel ${target.id})`));
    }
    const slot = readSlot(store.db, orphan.host, orphan.slot);
    if (slot === null || slot.state === 'leased') {
      return closeAlone(
        row,
        refused(
          `slot ${orphan.host}/${orphan.slot} is ${slot === null ? 'not configured any more' : 'leased to another case'}`,
        ),
      );
    }
    const at = clock.now();
    const change = store.write((tx) => {
      const live = readCase(tx, target.id)!;
      // what was staged for it, and never created, is over
      if (!isFinal(live.state) && live.token !== null) {
        recordProof(tx, live.token, 'never_created', at);
        updateAttempt(tx, live.token, { endedAt: at });
      }
      const limitMs = live.limitMs;
      return startAttempt(tx, live, { found: null, limitMs, number: orphan.number, by: row.by, why: row.why }, at);
    });
    dispatching.announce(change);
    const job = { id: orphan.jobId, createdAt: orphan.jobCreatedAt };
    const event = { type: 'job.adopted', host: orphan.host, slot: orphan.slot, token: orphan.token, job } as const;
    send(row, target.id, event, `attempt ${orphan.token} is its job again`, (now) => `it is ${now.phase}`);
  };

  const clear = (row: OrderRow, order: Extract<Order, { kind: 'clear_slot' }>): void => {
    const name = `${order.host}/${order.slot}`;
    store.write((tx) => {
      const slot = readSlot(tx, order.host, order.slot);
      if (slot === null) return close(tx, row, refused(`there is no slot ${name} (mqi slots list)`));
      if (slot.state !== 'quarantined')
        return close(tx, row, refused(`slot ${name} is ${slot.state}, not quarantined`));
      if (slot.token !== null) {
        recordProof(tx, slot.token, 'operator', clock.now());
        updateAttempt(tx, slot.token, { orphan: null });
      }
      clearSlot(tx, order.host, order.slot, clock.now());
      close(tx, row, done(`slot ${name} is free`));
    });
    deps.reconcile(order.host);
  };

  const setPriority = (row: OrderRow, order: Extract<Order, { kind: 'priority' }>): void =>
    store.write((tx) => {
      const found = readCase(tx, order.caseId);
      if (found === null || found.state !== 'submitted')
        return close(tx, row, refused('only a case that waits has a priority'));
      updateCase(tx, found.id, found.entry, { priority: order.priority, updatedAt: clock.now() });
      close(tx, row, done(`priority ${order.priority}`));
    });

  const handle = async (row: OrderRow): Promise<void> => {
    const { by, why } = row;
    const order = orderOf(row);
    switch (order.kind) {
      case 'retry':
        return retry(row, order);
      case 'adopt':
        return adopt(row, order);
      case 'cancel':
        return send(row, order.caseId, { type: 'operator.cancelled', by, why }, 'it is being cancelled', (now) =>
          isFinal(now.state)
            ? `it is ${now.state} already`
            : `it is ${now.phase}: its job is over or being stopped already`,
        );
      case 'pause':
        return send(
          row,
          order.caseId,
          { type: 'operator.paused', by },
          'it gets no slot until mqi cases resume',
          (now) =>
            now.paused ? 'it is paused already' : `it is ${now.phase}: only a case without a slot can be paused`,
        );
      case 'resume':
        return send(
          row,
          order.caseId,
          { type: 'operator.resumed', by },
          'it waits for its turn',
          () => 'it is not paused',
        );
      case 'limit':
        return send(
          row,
          order.caseId,
          { type: 'operator.limited', limitMs: order.limitMs },
          'the limit is set',
          (now) => `it is ${now.state}`,
        );
      case 'abandon':
        return send(
          row,
          order.caseId,
          { type: 'operator.abandoned', by, why },
          'it is given up; a slot that it held is quarantined',
          (now) => `it is ${now.state} already`,
        );
      case 'priority':
        return setPriority(row, order);
      case 'clear_slot':
        return clear(row, order);
      case 'admit': {
        const { admitted, message } = await intake.admit({ path: order.path, asDone: order.asDone });
        return closeAlone(row, admitted > 0 ? done(message) : refused(message));
      }
      case 'takeover':
        return closeAlone(row, await deps.takeover(order.host));
      default:
        return assertNever(order);
    }
  };

  return {
    async runOnce() {
      for (const row of openOrders(store.db)) {
        try {
          await handle(row);
        } catch (error) {
          closeAlone(row, refused(`it failed: ${reasonOf(error)}`));
        }
      }
    },
  };
}

import type { Clock } from '../../domain/clock.ts';
import type { Store } from '../../store/database.ts';
import { dueDeliveries, isOpeningPending, updateDelivery } from '../../store/incidents.ts';
import type { DueDelivery } from '../../store/incidents.ts';
import type { FailPoint } from '../../supervisor/fail-point.ts';
import type { TroubleSubject, Troubles } from '../../domain/trouble.ts';
import type { Log } from '../../supervisor/log.ts';
import { messageOf } from './message.ts';
import type { Sender } from './message.ts';
import type { Sink } from './sink.ts';

/** Between two tries of one message: doubled each time, up to a quarter of an hour. */
const BACKOFF_MS = { first: 1_000, longest: 15 * 60_000 } as const;
/** Messages of one round; the others come with the next. */
const MOST_A_ROUND = 50;

export interface Deliverer {
  /** Tries whatever is due for this sink, one after the other. */
  runOnce(signal: AbortSignal): Promise<void>;
}

/** At least once: that a message was taken is committed after the answer, so a crash in between sends it again. */
export function createDeliverer(deps: {
  readonly sink: Sink;
  readonly store: Store;
  readonly clock: Clock;
  readonly sender: Sender;
  readonly giveUpMs: number;
  readonly log: Log;
  readonly troubles: Troubles;
  readonly failPoint: FailPoint;
}): Deliverer {
  const { sink, store, clock, sender, log, troubles, failPoint } = deps;
  const subject: TroubleSubject = { kind: 'target', target: sink.name };

  const deliver = async (delivery: DueDelivery, signal: AbortSignal): Promise<void> => {
    const answer = await sink.deliver(messageOf(delivery, sender), signal);
    failPoint('notify.answer');
    // cut short by our own stop: it was no try
    if (signal.aborted && answer.kind === 'failed') return;
    const at = clock.now();
    const tries = delivery.tries + 1;
    const fields = { sink: sink.name, incident: delivery.incidentId, edge: delivery.edge, tries };
    if (answer.kind === 'delivered') {
      store.write((tx) => updateDelivery(tx, delivery, { tries, deliveredAt: at, nextAt: null, error: null }));
      troubles.over(subject, 'undelivered');
      return log.info(fields, `${sink.name} was told of ${delivery.incident.kind} (${delivery.edge})`);
    }
    troubles.note(subject, 'undelivered', answer.reason);
    const isGivenUp = at - delivery.createdAt >= deps.giveUpMs;
    const nextAt = isGivenUp ? null : at + backoffMs(tries, clock.random());
    store.write((tx) => updateDelivery(tx, delivery, { tries, nextAt, error: answer.reason }));
    if (isGivenUp) {
      log.error(
        fields,
        `${sink.name} was not told of ${delivery.incident.kind}, and is not any more: ${answer.reason}`,
      );
    }
  };

  return {
    async runOnce(signal) {
      for (const delivery of dueDeliveries(store.db, sink.name, clock.now(), MOST_A_ROUND)) {
        if (signal.aborted) return;
        if (delivery.edge === 'ended' && isOpeningPending(store.db, delivery)) continue;
        await deliver(delivery, signal);
      }
    },
  };
}

/** `random` in [0, 1): between three quarters and five quarters of the doubled time. */
export function backoffMs(tries: number, random: number): number {
  const plainMs = Math.min(BACKOFF_MS.longest, BACKOFF_MS.first * 2 ** (tries - 1));
  return Math.round(plainMs * (0.75 + random / 2));
}

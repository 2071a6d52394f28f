import { journalAfter, lastJournalId } from '../../store/queries.ts';
import type { WebDeps } from './deps.ts';

/** How soon a commit is noticed; one question to SQLite, whatever the number of browsers. */
const POLL_MS = 250;
/** What is no entry of the journal (bytes that travelled, a host that was seen) is told at most this often. */
const TICK_MS = 2_000;
/** A browser that hears nothing for several of these knows that the connection is dead. */
const BEAT_MS = 10_000;
/** Messages that a browser may lag behind; then it is dropped, and catches up when it comes again. */
const MOST_UNREAD = 64;
/** Streams at once. */
const MOST_STREAMS = 500;
/** Entries that one message sums up. */
const MOST_ENTRIES = 1_000;
/** Ids in one message; with more, every page looks. */
const MOST_CASES = 100;

type Controller = ReadableStreamDefaultController<Uint8Array>;

export interface EventStream {
  /** The stream of one browser, after row `lastSeen` of the journal; null: there are too many. */
  open(lastSeen: number | null): ReadableStream<Uint8Array> | null;
  /** Streams open now. */
  count(): number;
}

/** One tail of the journal for all browsers. `id:` of an event is the row of the journal up to which it tells. */
export function createEventStream({ reader, clock, sincePulseMs, signal }: WebDeps): EventStream {
  const open = new Set<Controller>();
  const encoder = new TextEncoder();
  let last = lastJournalId(reader.db);
  let version = reader.version();
  let tickedAt = clock.monotonic();
  let beatAt = clock.monotonic();
  /** Something was committed that nobody was told of. */
  let isTickOwed = false;
  let cancel = (): void => {};

  const drop = (controller: Controller): void => {
    open.delete(controller);
    try {
      controller.close();
    } catch {
      // it was closed from the other end
    }
  };
  const send = (controller: Controller, bytes: Uint8Array): void => {
    if ((controller.desiredSize ?? 0) <= 0) return drop(controller);
    controller.enqueue(bytes);
  };
  const broadcast = (event: string, data: object, id: number | null): void => {
    const bytes = encoder.encode(message(event, data, id));
    for (const controller of open) send(controller, bytes);
  };

  /** Brings `last` up to now and tells everybody. */
  const follow = (): void => {
    for (;;) {
      const summary = entriesAfter(last);
      if (summary === null) return;
      last = summary.id;
      broadcast('change', summary, summary.id);
      isTickOwed = false;
    }
  };
  const tick = (now: number): void => {
    tickedAt = now;
    isTickOwed = false;
    broadcast('tick', {}, null);
  };
  const entriesAfter = (id: number) => {
    const rows = journalAfter(reader.db, id, MOST_ENTRIES);
    const newest = rows.at(-1);
    if (newest === undefined) return null;
    const cases = [...new Set(rows.map((row) => row.caseId))];
    return { id: newest.id, count: rows.length, cases: cases.length > MOST_CASES ? null : cases };
  };

  const poll = (): void => {
    cancel = clock.after(POLL_MS, poll);
    const now = clock.monotonic();
    const found = reader.version();
    if (found !== version) {
      version = found;
      isTickOwed = true;
      follow();
    }
    if (isTickOwed && now - tickedAt >= TICK_MS) tick(now);
    if (now - beatAt < BEAT_MS) return;
    beatAt = now;
    broadcast('beat', { now: clock.now(), daemonMs: Math.round(sincePulseMs()) }, null);
  };
  cancel = clock.after(POLL_MS, poll);
  signal.addEventListener('abort', () => {
    cancel();
    for (const controller of open) drop(controller);
  });

  return {
    open(lastSeen) {
      if (open.size >= MOST_STREAMS || signal.aborted) return null;
      let own: Controller | null = null;
      return new ReadableStream<Uint8Array>(
        {
          start(controller) {
            own = controller;
            // the others first: this one hears in its greeting how far they are
            follow();
            open.add(controller);
            const missed = lastSeen === null || lastSeen > last ? 0 : countAfter(lastSeen);
            const hello = message('hello', { now: clock.now(), missed }, last);
            controller.enqueue(encoder.encode(`retry: 2000\n${hello}`));
          },
          cancel() {
            if (own !== null) open.delete(own);
          },
        },
        new CountQueuingStrategy({ highWaterMark: MOST_UNREAD }),
      );
    },
    count: () => open.size,
  };

  /** Entries that a browser has missed: what it shows is re-read, so that their number is all it needs. */
  function countAfter(id: number): number {
    return journalAfter(reader.db, id, MOST_ENTRIES).length;
  }
}

function message(event: string, data: object, id: number | null): string {
  return `event: ${event}\n${id === null ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`;
}

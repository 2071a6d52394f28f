import { isFinal } from '../../domain/case.ts';
import { journalAfter, listCases } from '../../store/queries.ts';
import type { NamedJournalRow, Reader } from '../../store/queries.ts';
import { changeLine } from '../change-line.ts';
import type { Io } from '../io.ts';
import type { DaemonProcess } from './daemon-process.ts';

const POLL_MS = 100;
const MOST_CHANGES = 1_000;

/** `died`: the daemon ended by itself. */
export type DemoEnd = 'final' | 'late' | 'died' | 'interrupted';

/** Prints a line a transition until every dropped case is over. */
export async function followCases(
  io: Io,
  demo: {
    readonly reader: Reader;
    readonly daemon: DaemonProcess;
    readonly names: readonly string[];
    readonly deadline: number;
    readonly signal: AbortSignal;
  },
): Promise<DemoEnd> {
  const { reader, daemon, names, deadline, signal } = demo;
  const columns = Math.max(...names.map((name) => name.length));
  let last = 0;
  for (;;) {
    // asked before the journal is read: what led to the end is then printed too
    const { cases } = listCases(reader.db, {}, null, names.length);
    const changes = journalAfter(reader.db, last, MOST_CHANGES);
    for (const change of changes.filter(isTransition)) io.out.line(...changeLine(change, columns));
    last = changes.at(-1)?.id ?? last;
    if (cases.length === names.length && cases.every((row) => isFinal(row.state))) return 'final';
    if (signal.aborted) return 'interrupted';
    if (daemon.ended() !== null) return 'died';
    if (io.clock.monotonic() >= deadline) return 'late';
    await io.clock.sleep(POLL_MS, signal);
  }
}

function isTransition(change: NamedJournalRow): boolean {
  return change.fromPhase !== change.toPhase;
}

import { formatDuration } from '../../domain/duration.ts';
import { attemptsByToken } from '../../store/queries.ts';
import type { AttemptRow, ListedCase } from '../../store/queries.ts';
import { progressText } from '../../views/progress.ts';
import type { Io } from '../io.ts';
import { createRates } from '../rate.ts';
import type { Rates } from '../rate.ts';
import { styled } from '../screen.ts';
import type { Piece } from '../screen.ts';
import type { Session } from '../session.ts';
import { tableLines } from '../table.ts';
import { age, phaseWord, place, plural } from '../words.ts';
import { noteOf } from './list.ts';
import type { Frame, WatchView } from './watch-view.ts';

/** Asking for the daemon takes its lock for an instant, so not at each redraw. */
const ASK_DAEMON_MS = 5_000;

/** On a terminal that does not tell its height. */
const ROWS = 24;

const CSI = '\u001b[';
/** Without wrapping, a line is one row of the terminal whatever is in it, so that the next frame covers this one. */
const BEGIN = `${CSI}?25l${CSI}?7l`;
const END = `${CSI}?25h${CSI}?7h`;

/** A table that is redrawn in place. */
export function createLiveTable(io: Io, session: Session): WatchView {
  const rates = createRates();
  let drawn = 0;
  let askedAt = -Infinity;
  let running = true;
  return {
    show({ rows }: Frame) {
      if (io.clock.monotonic() - askedAt >= ASK_DAEMON_MS) {
        askedAt = io.clock.monotonic();
        running = session.daemon().running;
      }
      const lines = frame(io, session, rows, rates, running);
      const up = drawn === 0 ? '' : `${CSI}${drawn}A`;
      io.out.raw(`${BEGIN}${up}\r${CSI}0J${lines.map((line) => `${line}\n`).join('')}${END}`);
      drawn = lines.length;
    },
    end: () => io.out.raw(END),
  };
}

/** What moves, and what has just ended, before the many that wait. */
const RANK = { running: 0, submitting: 1, completed: 2, failed: 2, submitted: 3 } as const;

function frame(io: Io, session: Session, rows: readonly ListedCase[], rates: Rates, running: boolean): string[] {
  const most = Math.max(1, (io.out.rows ?? ROWS) - 4);
  const shown = rows.toSorted((a, b) => RANK[a.state] - RANK[b.state]).slice(0, most);
  const attempts = attemptsByToken(
    session.db,
    shown.flatMap((row) => (row.token === null ? [] : [row.token])),
  );
  const now = io.clock.now();
  const cells = shown.map((row): readonly Piece[] => [
    row.name,
    phaseWord(row.state, row.phase),
    place(row.host, row.slot),
    progressOf(row, attempts.get(row.token ?? ''), rates, io.clock.monotonic()),
    age(row.phaseSince, now),
    noteOf(row, now),
  ]);
  const table = tableLines(
    io.out,
    [
      { head: 'CASE', shrinkTo: 10 },
      { head: 'PHASE' },
      { head: 'WHERE', shrinkTo: 8, dispensable: true },
      { head: 'PROGRESS', shrinkTo: 20 },
      { head: 'SINCE', align: 'right' },
      { head: 'NOTE', shrinkTo: 8, dispensable: true },
    ],
    cells,
  );
  const rest = rows.length - shown.length;
  return [
    io.out.render([headline(rows, running)]),
    ...table,
    ...(rest === 0 ? [] : [io.out.render([styled('dim', `and ${plural(rest, 'more case', 'more cases')}`)])]),
  ];
}

function headline(rows: readonly ListedCase[], running: boolean): Piece {
  if (!running) return styled('red', 'no daemon is running: nothing moves until mqi run');
  return styled('dim', rows.length === 0 ? 'no case is under way (Ctrl-C ends)' : plural(rows.length, 'case'));
}

function progressOf(row: ListedCase, attempt: AttemptRow | undefined, rates: Rates, at: number): string {
  switch (row.phase) {
    case 'staging':
    case 'collecting': {
      if (attempt === undefined || attempt.movedBytes === 0) return '';
      const key = `${attempt.token} ${row.phase}`;
      return progressText(rates.note(key, attempt.movedBytes, attempt.totalBytes, at));
    }
    case 'executing':
      return `seen for ${formatDuration(row.observedMs)} of ${formatDuration(row.limitMs)}`;
    default:
      return '';
  }
}

import { Command } from 'commander';

import { isFinal } from '../../domain/case.ts';
import { journalAfter, lastJournalId, listCasesById, listLiveCases } from '../../store/queries.ts';
import type { ListedCase, NamedJournalRow } from '../../store/queries.ts';
import { resolveCase } from '../case-ref.ts';
import { JSON_OPTION, optionsOf } from '../cli.ts';
import type { Cli, JsonOption } from '../cli.ts';
import { EXIT } from '../exit-code.ts';
import type { ExitCode } from '../exit-code.ts';
import type { Io } from '../io.ts';
import { withSession } from '../session.ts';
import type { Session } from '../session.ts';
import { createLiveTable } from './watch-table.ts';
import { createChangeLines } from './watch-lines.ts';
import type { WatchView } from './watch-view.ts';

const REDRAW_MS = 500;

/** Journal rows that one poll takes at most; the rest comes with the next. */
const MOST_CHANGES = 1_000;

export function watchCommand(cli: Cli): Command {
  return new Command('watch')
    .argument('[case...]', 'none: every case that is not over')
    .description('follow cases live; ends when all that were named are over, or with Ctrl-C')
    .option('--json', `${JSON_OPTION[1]}, a line a change`)
    .action(async (texts: string[], _: unknown, command: Command) => {
      const options = optionsOf<JsonOption>(command);
      await withSession(cli.io, options, 'read', async (session) => {
        const ids = texts.map((text) => resolveCase(session.db, text).id);
        const view =
          cli.io.out.isTty && options.json !== true
            ? createLiveTable(cli.io, session)
            : createChangeLines(cli.io, options.json === true);
        try {
          cli.exitWith(await watch(cli.io, session, ids.length === 0 ? null : ids, view));
        } finally {
          view.end();
        }
      });
    });
}

async function watch(io: Io, session: Session, ids: readonly string[] | null, view: WatchView): Promise<ExitCode> {
  const signal = io.interruption();
  const seen = new Set<string>(ids);
  let last = lastJournalId(session.db);
  for (;;) {
    const changes = journalAfter(session.db, last, MOST_CHANGES);
    last = changes.at(-1)?.id ?? last;
    const rows = ids === null ? everyLive(session, seen, changes) : listCasesById(session.db, ids);
    view.show({ rows, changes: changes.filter((change) => seen.has(change.caseId)) });
    if (ids !== null && changes.length < MOST_CHANGES && rows.every((row) => isFinal(row.state))) {
      return rows.some((row) => row.state === 'failed') ? EXIT.failed : EXIT.ok;
    }
    await io.clock.sleep(REDRAW_MS, signal);
    if (signal.aborted) return ids === null ? EXIT.ok : EXIT.interrupted;
  }
}

/** A case that became final while it was watched stays in view: its end is what was waited for. */
function everyLive({ db }: Session, seen: Set<string>, changes: readonly NamedJournalRow[]): ListedCase[] {
  const live = listLiveCases(db);
  for (const row of live) seen.add(row.id);
  for (const change of changes) seen.add(change.caseId);
  const shown = new Set(live.map((row) => row.id));
  return [
    ...listCasesById(
      db,
      [...seen].filter((id) => !shown.has(id)),
    ),
    ...live,
  ];
}

import { journalShape } from '../../views/shapes.ts';
import { changeLine } from '../change-line.ts';
import type { Io } from '../io.ts';
import type { Frame, WatchView } from './watch-view.ts';

/** For a pipe: where each case is at first, then a line a change. */
export function createChangeLines(io: Io, json: boolean): WatchView {
  let isFirst = true;
  return {
    show({ rows, changes }: Frame) {
      if (isFirst && !json) for (const row of rows) io.out.line(`${row.name}: ${row.phase}`);
      isFirst = false;
      for (const change of changes) {
        if (json) io.out.jsonLine({ case: change.caseId, name: change.name, ...journalShape(change) });
        else io.out.line(...changeLine(change));
      }
    },
    end() {},
  };
}

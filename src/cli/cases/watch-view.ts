import type { ListedCase, NamedJournalRow } from '../../store/queries.ts';

/** What is known at one poll. */
export interface Frame {
  readonly rows: readonly ListedCase[];
  readonly changes: readonly NamedJournalRow[];
}

/** How the frames are shown: a table that is redrawn, or a line a change. */
export interface WatchView {
  show(frame: Frame): void;
  end(): void;
}

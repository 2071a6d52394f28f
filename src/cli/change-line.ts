import { stateOf } from '../domain/case.ts';
import type { NamedJournalRow } from '../store/queries.ts';
import { journalDetail } from '../views/journal-line.ts';
import { styled } from './screen.ts';
import type { Piece } from './screen.ts';
import { phaseWord } from './words.ts';

/** One change of one case: `14:02:11  name  staged → creating  slot gpu0`. */
export function changeLine(entry: NamedJournalRow, nameColumns = 0): readonly Piece[] {
  const detail = journalDetail(entry);
  const moved = entry.fromPhase !== entry.toPhase;
  const from = entry.fromPhase === null ? '' : moved ? `${entry.fromPhase} → ` : '';
  return [
    styled('dim', new Date(entry.at).toLocaleTimeString('sv-SE')),
    `  ${entry.name.padEnd(nameColumns)}  ${from}`,
    phaseWord(stateOf(entry.toPhase), entry.toPhase),
    moved && detail === '' ? '' : styled('dim', `  ${moved ? '' : `${entry.event} `}${detail}`),
  ];
}

import { isWhole } from '../../scheduler/answer.ts';
import type { RunOutcome } from '../../transport/transport.ts';

/** `KEY VALUE` lines in a frame, as the scheduler's commands have it: whole, or nothing. */
export type HostLines =
  | { readonly kind: 'answered'; readonly lines: LineValues }
  | { readonly kind: 'garbled'; readonly reason: string };

/** The values of each key, in order. */
export class LineValues {
  readonly #values: ReadonlyMap<string, readonly string[]>;

  constructor(values: ReadonlyMap<string, readonly string[]>) {
    this.#values = values;
  }

  all(key: string): readonly string[] {
    return this.#values.get(key) ?? [];
  }

  /** Null when there is none. */
  one(key: string): string | null {
    return this.all(key)[0] ?? null;
  }

  has(key: string): boolean {
    return this.#values.has(key);
  }
}

/**
 * The sh half: `say KEY VALUE` prints the first line of a value. It needs no program, since a host that lacks them is
 * what is looked for. `limited COMMAND…` gives up on a disk or a driver that hangs.
 */
export const SAY = `LC_ALL=C; export LC_ALL
nl='
'
printf 'mqi\\n'
say() { printf '%s %s\\n' "$1" "\${2%%"$nl"*}"; }
has() { command -v "$1" > /dev/null 2>&1; }
limited() { if has timeout; then timeout 8 "$@"; else "$@"; fi; }`;

export const DONE = "printf 'done\\n'\n";

/** `known`: every key that may come; one of another name means that this is no answer of ours. */
export function readHostLines(outcome: Extract<RunOutcome, { kind: 'done' }>, known: readonly string[]): HostLines {
  if (!isWhole(outcome)) {
    const said = outcome.stderr.split('\n').find((line) => line.trim() !== '') ?? '';
    const detail = said === '' ? '' : `: ${said.trim().slice(0, 200)}`;
    return garbled(`a command ended with code ${outcome.exitCode} and gave no whole answer${detail}`);
  }
  const values = new Map<string, string[]>();
  for (const line of outcome.stdout.split('\n').slice(1, -2)) {
    const match = /^([a-z_]+) (.*)$/s.exec(line);
    const key = match?.[1];
    if (key === undefined || !known.includes(key))
      return garbled(`an answer has the line ${JSON.stringify(line.slice(0, 80))}`);
    values.set(key, [...(values.get(key) ?? []), match?.[2] ?? '']);
  }
  return { kind: 'answered', lines: new LineValues(values) };
}

function garbled(reason: string): HostLines {
  return { kind: 'garbled', reason };
}

/**
 * All that leaves the machine in the inspector's stream. Names of cases are patients' names, and free text (reasons,
 * messages, who gave an order) may hold one: what is not listed here stays. A path is a dotted way into a value.
 */

/** Of an event, whatever its type. */
const EVENT_FIELDS = [
  'attempt',
  'cause',
  'end.exitCode',
  'end.kind',
  'end.signal',
  'files',
  'host',
  'limitMs',
  'observation.end.exitCode',
  'observation.end.kind',
  'observation.end.signal',
  'observation.kind',
  'observation.queue.kind',
  'queue.kind',
  'sinceMs',
  'sizeBytes',
  'slot',
] as const;

/** Of the machine's context. Its clocks are not there: most looks that move them are in no journal. */
const CONTEXT_FIELDS = [
  'attempt',
  'blind.cause',
  'failure.exitCode',
  'failure.kind',
  'failure.signal',
  'host',
  'limitMs',
  'paused',
  'releasesAgain',
  'slot',
  'stop.kind',
  'uploadTries',
] as const;

type Fields = Readonly<Record<string, unknown>>;

export const sentOfEvent = (detail: Fields): Fields => pick(detail, EVENT_FIELDS);

export const sentOfContext = (context: object): Fields => pick(context, CONTEXT_FIELDS);

/** The listed fields alone, nested as they were. One that is not there stays away; null stays null. */
function pick(from: unknown, paths: readonly string[]): Fields {
  const heads = [...new Set(paths.map((path) => path.split('.')[0]!))];
  return Object.fromEntries(
    heads.flatMap((head) => {
      const value = fieldOf(from, head);
      if (value === undefined) return [];
      if (typeof value !== 'object' || value === null)
        return paths.includes(head) || value === null ? [[head, value]] : [];
      const inner = paths.filter((path) => path.startsWith(`${head}.`)).map((path) => path.slice(head.length + 1));
      return inner.length === 0 ? [] : [[head, pick(value, inner)]];
    }),
  );
}

function fieldOf(from: unknown, key: string): unknown {
  return typeof from === 'object' && from !== null && Object.hasOwn(from, key) ? (from as Fields)[key] : undefined;
}

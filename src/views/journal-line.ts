import { formatDuration, formatSize } from '../domain/duration.ts';
import type { JournalRow } from '../store/queries.ts';

type Detail = Readonly<Record<string, unknown>>;

/** What an event says for itself, in a few words; the journal holds its fields as they were. */
export function journalDetail(entry: Pick<JournalRow, 'event' | 'detail'>): string {
  return PHRASES[entry.event]?.(entry.detail) ?? fields(entry.detail);
}

const word = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : '?';

const size = (value: unknown): string => (typeof value === 'number' ? formatSize(value) : '?');

/** The events that a person reads most; any other is shown by its fields. */
const PHRASES: Readonly<Record<string, (detail: Detail) => string | null>> = {
  'case.admitted': ({ files, sizeBytes }) => `admitted: ${word(files)} files, ${size(sizeBytes)}`,
  'operator.retried': ({ by, why }) => `retried by ${word(by)}: ${word(why)}`,
  'attempt.forgotten': ({ why }) => `begins anew: ${word(why)}`,
  'host.assigned': ({ host }) => `goes to ${word(host)}`,
  'upload.verified': () => 'its files are there and verified',
  'slot.leased': ({ slot }) => `gets slot ${word(slot)}`,
  'job.created': ({ job }) => `its job is created, held${jobId(job)}`,
  'job.released': () => 'its job is let go',
  'job.observed': ({ observation }) => observed(observation),
  'job.gone': ({ end }) => `its job is proven gone${end === null ? ', and never started' : `: ${endText(end)}`}`,
  'results.collected': ({ missingGlobs }) =>
    Array.isArray(missingGlobs) && missingGlobs.length > 0
      ? `results are back, but nothing matches ${missingGlobs.map(word).join(', ')}`
      : 'results are back and verified',
  'daemon.restarted': () => 'the daemon was restarted',
  'operator.limited': ({ limitMs }) => (typeof limitMs === 'number' ? `limit ${formatDuration(limitMs)}` : null),
};

function jobId(job: unknown): string {
  const id = typeof job === 'object' && job !== null && 'id' in job ? job.id : null;
  return typeof id === 'string' ? ` (${id})` : '';
}

function observed(observation: unknown): string | null {
  if (typeof observation !== 'object' || observation === null || !('kind' in observation)) return null;
  switch (observation.kind) {
    case 'executing':
      return 'its job runs';
    case 'ended':
      return 'end' in observation ? `its job ended: ${endText(observation.end)}` : null;
    case 'missing':
      return 'its job is not to be seen';
    case 'lingering':
      return 'its job ended, its processes did not';
    case 'unknown':
      return `nobody can tell how its job is${'reason' in observation ? `: ${word(observation.reason)}` : ''}`;
    default:
      return `its job is ${word(observation.kind)}`;
  }
}

function endText(end: unknown): string {
  if (typeof end !== 'object' || end === null) return '?';
  if ('exitCode' in end) return `exit code ${word(end.exitCode)}`;
  return 'signal' in end ? `signal ${word(end.signal)}` : 'without a receipt';
}

/** Fields that say nothing to a person who reads the line: its token, and times that are stored beside it. */
const UNSAID = new Set(['token', 'sinceMs', 'atMs']);

function fields(detail: Detail): string {
  return Object.entries(detail)
    .flatMap(([key, value]) => field(key, value))
    .join(', ');
}

function field(key: string, value: unknown): string[] {
  if (UNSAID.has(key) || value === null || value === undefined || value === '') return [];
  if (Array.isArray(value)) return value.length === 0 ? [] : [`${key} ${value.map(word).join(' ')}`];
  if (typeof value === 'object') return [`${key} ${JSON.stringify(value)}`];
  return key === 'message' || key === 'reason' ? [word(value)] : [`${key} ${word(value)}`];
}

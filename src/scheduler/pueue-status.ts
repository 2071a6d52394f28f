import { parseToken } from '../domain/attempt.ts';
import type { Job, QueueResult, QueueState } from '../domain/job.ts';
import { blind } from './answer.ts';
import type { QueueView } from './dialect.ts';
import type { Blind } from './scheduler.ts';

/**
 * `pueue status --json` of 3.4 and 4.x, down to what is needed: everything else of a task, above all its environment,
 * is dropped here and goes nowhere. A word that is not known is `unknown`, never an end.
 */

interface Task {
  readonly token: string;
  readonly job: Job;
  readonly group: string;
  readonly state: QueueState;
}

type Fields = Readonly<Record<string, unknown>>;

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function readPueueStatus(text: string, instance: string): QueueView | Blind {
  let root: unknown;
  try {
    root = JSON.parse(text);
  } catch {
    // the text itself is told to nobody: it may hold environments
    return blind('garbled', 'what pueue says of its tasks is not JSON');
  }
  if (!isFields(root) || !isFields(root['tasks']) || !isFields(root['groups'])) {
    return blind('garbled', 'what pueue says of its tasks has another form than in pueue 3.4 and 4');
  }
  const tasks = Object.values(root['tasks']).flatMap((task) => readTask(task, instance));
  const byToken = new Map<string, Task>();
  for (const task of tasks) {
    const known = byToken.get(task.token);
    // a copy of a task (`pueue restart`) has the same label: the liveliest speaks for all
    if (known === undefined || liveliness(task) > liveliness(known)) byToken.set(task.token, task);
  }
  return {
    kind: 'read',
    notices: pausedGroups(root['groups'], tasks),
    tokens: [...byToken.keys()],
    entry: (token) => {
      const task = byToken.get(token);
      return task === undefined ? { state: { kind: 'absent' }, job: null } : { state: task.state, job: task.job };
    },
  };
}

function readTask(task: unknown, instance: string): Task[] {
  if (!isFields(task)) return [];
  const { id, label, created_at: createdAt, group, status } = task;
  if (typeof label !== 'string' || parseToken(label)?.instance !== instance) return [];
  return [
    {
      token: label,
      job: {
        id: typeof id === 'number' ? String(id) : null,
        createdAt: typeof createdAt === 'string' ? createdAt : null,
      },
      group: typeof group === 'string' ? group : '',
      state: readState(status),
    },
  ];
}

/** `"Word"` or `{"Word": details}`. */
function tagged(value: unknown): { readonly tag: string; readonly details: unknown } | null {
  if (typeof value === 'string') return { tag: value, details: null };
  const entries = isFields(value) ? Object.entries(value) : [];
  return entries.length === 1 ? { tag: entries[0]![0], details: entries[0]![1] } : null;
}

function readState(status: unknown): QueueState {
  const word = tagged(status);
  switch (word?.tag) {
    case 'Stashed':
      return { kind: 'held' };
    case 'Queued':
      return { kind: 'queued' };
    case 'Running':
      return { kind: 'running' };
    case 'Paused':
      return { kind: 'suspended' };
    case 'Done': {
      // 3.4 has the result itself there, 4.x the result among times
      const { details } = word;
      const result = readResult(isFields(details) && 'result' in details ? details['result'] : details);
      return result === null ? { kind: 'unknown', text: 'Done, with an unknown result' } : { kind: 'ended', result };
    }
    default:
      return { kind: 'unknown', text: word?.tag.slice(0, 40) ?? 'nothing that can be read' };
  }
}

function readResult(result: unknown): QueueResult | null {
  const word = tagged(result);
  switch (word?.tag) {
    case 'Success':
      return { kind: 'succeeded' };
    case 'Failed':
      return Number.isInteger(word.details) ? { kind: 'failed', exitCode: Number(word.details) } : null;
    case 'FailedToSpawn': {
      const reason = typeof word.details === 'string' ? word.details.split('\n')[0]!.slice(0, 200) : 'unknown';
      return { kind: 'not_started', reason: `pueue could not start it: ${reason}` };
    }
    case 'DependencyFailed':
      return { kind: 'not_started', reason: 'a task that it was made to depend on failed' };
    case 'Killed':
    case 'Errored':
      // an I/O error inside of pueue: it has lost track of the job, as after a kill
      return { kind: 'killed' };
    default:
      return null;
  }
}

const LIVELINESS: readonly QueueState['kind'][] = [
  'absent',
  'ended',
  'unknown',
  'held',
  'queued',
  'suspended',
  'running',
];

function liveliness(task: Task): number {
  return LIVELINESS.indexOf(task.state.kind);
}

/** A group that is paused holds back what waits in it, until somebody starts it. */
function pausedGroups(groups: Fields, tasks: readonly Task[]): string[] {
  const waited = new Set(
    tasks.filter(({ state }) => state.kind === 'held' || state.kind === 'queued').map(({ group }) => group),
  );
  return Object.entries(groups).flatMap(([name, group]) => {
    const status = isFields(group) ? group['status'] : null;
    if (!waited.has(name) || status === 'Running') return [];
    return [`pueue group ${name} is ${String(status).toLowerCase()}: pueue start -g ${name}`];
  });
}

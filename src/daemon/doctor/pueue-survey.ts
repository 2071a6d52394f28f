import type { RunOutcome } from '../../transport/transport.ts';
import { readHostLines } from './host-lines.ts';
import type { LineValues } from './host-lines.ts';

/** What `pueueScript` found out about a host. */
export interface PueueSurvey {
  readonly user: string;
  readonly path: string;
  /** The configuration file that the client reads, or would read. */
  readonly config: string;
  /** Does it ask before it removes something? */
  readonly confirms: boolean;
  /** XDG_RUNTIME_DIR of the login; null when it has none. */
  readonly runtime: string | null;
  /** Null where nobody lingers: no systemd. */
  readonly lingers: boolean | null;
  /** Is there a systemd unit for the daemon? */
  readonly hasUnit: boolean;
  readonly client: PueueClient;
}

export type PueueClient =
  /** `elsewhere`: where a client lies all the same. */
  | { readonly kind: 'absent'; readonly elsewhere: readonly string[] }
  | {
      readonly kind: 'present';
      readonly path: string;
      readonly version: string;
      /** The daemon's program; null when there is none beside the client or on the PATH. */
      readonly server: string | null;
      readonly daemon: PueueDaemon;
    };

export type PueueDaemon =
  /** `otherVersion`: it says so itself; null for the client's own. */
  | { readonly kind: 'answers'; readonly otherVersion: string | null; readonly groups: ReadonlyMap<string, PueueGroup> }
  | {
      readonly kind: 'trouble';
      readonly cause: Trouble;
      readonly said: string;
      readonly running: readonly RunningDaemon[];
    };

export interface PueueGroup {
  readonly status: string;
  /** 0 is unlimited. */
  readonly parallel: number;
}

/** A daemon of the same user, found among the processes. */
export interface RunningDaemon {
  readonly pid: number;
  readonly version: string;
  readonly config: string | null;
  readonly runtime: string | null;
}

/** `silent`: no answer in time. `client`: it cannot be run. `other`: what nobody has met yet. */
export type Trouble = (typeof TROUBLES)[number];
const TROUBLES = ['silent', 'client', 'down', 'version', 'config', 'other', 'garbled'] as const;

export type PueueAnswer =
  | { readonly kind: 'surveyed'; readonly survey: PueueSurvey }
  | { readonly kind: 'garbled'; readonly reason: string };

const KEYS =
  'user path config confirm xdg linger unit elsewhere client server version status detected trouble running running_runtime'.split(
    ' ',
  );

export function readPueueSurvey(outcome: Extract<RunOutcome, { kind: 'done' }>): PueueAnswer {
  const answer = readHostLines(outcome, KEYS);
  if (answer.kind === 'garbled') return answer;
  const { lines } = answer;
  return {
    kind: 'surveyed',
    survey: {
      user: lines.one('user') ?? '',
      path: lines.one('path') ?? '',
      config: lines.one('config') ?? '',
      confirms: lines.one('confirm') === 'true',
      runtime: wordOf(lines.one('xdg')),
      lingers: lines.has('linger') ? lines.one('linger') === 'yes' : null,
      hasUnit: lines.has('unit'),
      client: clientOf(lines),
    },
  };
}

function clientOf(lines: LineValues): PueueClient {
  const path = wordOf(lines.one('client'));
  if (path === null) return { kind: 'absent', elsewhere: lines.all('elsewhere') };
  return {
    kind: 'present',
    path,
    // `pueue 4.0.4`
    version: /[0-9][^ ]*/.exec(lines.one('version') ?? '')?.[0] ?? 'of an unknown version',
    server: wordOf(lines.one('server')),
    daemon: daemonOf(lines),
  };
}

function daemonOf(lines: LineValues): PueueDaemon {
  const running = runningOf(lines);
  const trouble = /^([a-z]+) (.*)$/s.exec(lines.one('trouble') ?? '');
  if (trouble !== null) {
    const cause = TROUBLES.find((known) => known === trouble[1]) ?? 'other';
    return { kind: 'trouble', cause, said: trouble[2]!, running };
  }
  const groups = groupsOf(lines.one('status') ?? '');
  if (groups === null) return { kind: 'trouble', cause: 'garbled', said: '', running };
  return { kind: 'answers', otherVersion: wordOf(lines.one('detected')), groups };
}

function runningOf(lines: LineValues): readonly RunningDaemon[] {
  const runtimes = lines.all('running_runtime');
  return lines.all('running').flatMap((line, at) => {
    const match = /^(\d+) (\S*) (.+)$/s.exec(line);
    if (match === null) return [];
    const version = match[2] === '' ? 'of an unknown version' : match[2]!;
    return [{ pid: Number(match[1]), version, config: wordOf(match[3]!), runtime: wordOf(runtimes[at] ?? null) }];
  });
}

/** `-` and nothing at all mean that there is none. */
function wordOf(text: string | null): string | null {
  return text === null || text === '' || text === '-' ? null : text;
}

/** `"groups": {NAME: {"status": …, "parallel_tasks": N}}`, the same in 3.4 and 4; null for anything else. */
function groupsOf(json: string): ReadonlyMap<string, PueueGroup> | null {
  let root: unknown;
  try {
    root = JSON.parse(json);
  } catch {
    return null;
  }
  const groups = fieldOf(root, 'groups');
  if (typeof groups !== 'object' || groups === null) return null;
  const read = new Map<string, PueueGroup>();
  for (const [name, group] of Object.entries(groups)) {
    const [status, parallel] = [fieldOf(group, 'status'), fieldOf(group, 'parallel_tasks')];
    if (typeof status !== 'string' || typeof parallel !== 'number') return null;
    read.set(name, { status, parallel });
  }
  return read;
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[name] : undefined;
}

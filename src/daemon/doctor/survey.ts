import type { RunOutcome } from '../../transport/transport.ts';
import { readHostLines } from './host-lines.ts';

/** What `surveyScript` found out about a host. */
export interface HostSurvey {
  readonly user: string;
  /** The PATH of the daemon's commands, which is not that of a person's terminal. */
  readonly path: string;
  /** Whole seconds since 1970 by the host's clock; null when it has no `date`. */
  readonly clockSeconds: number | null;
  /** Programs that the daemon needs. */
  readonly missing: readonly string[];
  /** What hashes files; null for nothing. */
  readonly sums: string | null;
  readonly can: Readonly<Record<Ability, boolean>>;
  /** `at`: the root, the directory in which it would be made, or what is in the way of it. */
  readonly root: { readonly kind: 'directory' | 'absent' | 'other'; readonly at: string };
  readonly owner: Owner;
  /** Directories below the root in which the daemon cannot write. */
  readonly unwritable: readonly string[];
  /** Null: the host does not say. */
  readonly freeBytes: number | null;
  /** Null: the file system counts none, or the host does not say. */
  readonly freeInodes: number | null;
  /** Null when there was nowhere to try. */
  readonly trial: Trial | null;
  /** Names; null when there is no nvidia-smi. */
  readonly gpus: readonly string[] | null;
  /** What nvidia-smi said when it failed. */
  readonly gpuTrouble: string | null;
}

/** `scan`: grep and xargs find processes as the daemon asks them to. `printf`: that of find. */
export type Ability = 'setsid' | 'printf' | 'proc' | 'scan';

export type Owner =
  | { readonly kind: 'nobody' }
  | { readonly kind: 'named'; readonly instance: string }
  | { readonly kind: 'unreadable'; readonly file: string };

/** Write, rename, link, delete: what failed, and what was said. */
export interface Trial {
  readonly step: 'ok' | 'make' | 'write' | 'rename' | 'link' | 'delete';
  readonly said: string;
}

export type SurveyAnswer =
  | { readonly kind: 'surveyed'; readonly survey: HostSurvey }
  | { readonly kind: 'garbled'; readonly reason: string };

const KEYS =
  'clock user path missing sums can root owner owner_unreadable unwritable free inodes trial gpu gpu_failed'.split(' ');

export function readSurvey(outcome: Extract<RunOutcome, { kind: 'done' }>): SurveyAnswer {
  const answer = readHostLines(outcome, KEYS);
  if (answer.kind === 'garbled') return answer;
  const { lines } = answer;
  const root = /^(directory|absent|other) (.+)$/s.exec(lines.one('root') ?? '');
  if (root === null) return { kind: 'garbled', reason: 'an answer does not say where the root is' };
  const trial = /^(ok|make|write|rename|link|delete) (.*)$/s.exec(lines.one('trial') ?? '');
  const clock = lines.one('clock') ?? '';
  const can = lines.all('can');
  return {
    kind: 'surveyed',
    survey: {
      user: lines.one('user') ?? '',
      path: lines.one('path') ?? '',
      clockSeconds: /^\d{1,12}$/.test(clock) ? Number(clock) : null,
      missing: lines.all('missing'),
      sums: lines.one('sums'),
      can: {
        setsid: can.includes('setsid'),
        printf: can.includes('printf'),
        proc: can.includes('proc'),
        scan: can.includes('scan'),
      },
      root: { kind: root[1] as HostSurvey['root']['kind'], at: root[2]! },
      owner: ownerOf(lines.one('owner'), lines.one('owner_unreadable')),
      unwritable: lines.all('unwritable'),
      freeBytes: availableOf(lines.one('free'), 1024),
      freeInodes: availableOf(lines.one('inodes'), 1),
      trial: trial === null ? null : { step: trial[1] as Trial['step'], said: trial[2]! },
      gpus: lines.has('gpu') ? lines.all('gpu').filter((name) => name !== '') : null,
      gpuTrouble: lines.one('gpu_failed'),
    },
  };
}

function ownerOf(instance: string | null, unreadable: string | null): Owner {
  if (unreadable !== null) return { kind: 'unreadable', file: unreadable };
  return instance === null ? { kind: 'nobody' } : { kind: 'named', instance };
}

/** `NAME TOTAL USED AVAILABLE n% PLACE`, where names and places may hold spaces. A total of 0 counts nothing. */
function availableOf(line: string | null, unit: number): number | null {
  const match = /\s(\d+)\s+(\d+)\s+(\d+)\s+(?:\d+%|-)\s/.exec(line ?? '');
  if (match === null || Number(match[1]) === 0) return null;
  return Number(match[3]) * unit;
}

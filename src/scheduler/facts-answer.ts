import { parseClaim, parseEnd } from './receipts.ts';
import type { FileState } from './receipts.ts';
import type { Facts } from './scheduler.ts';

/** Facts without what the queue says. */
export type FileFacts = Omit<Facts, 'queue' | 'job'> & { readonly script: 'present' | 'absent' };

export interface FactsAnswer {
  readonly attempts: readonly FileFacts[];
  /** Processes of this installation whose token was not asked for. */
  readonly strangers: readonly string[];
  readonly queueText: string;
  /** The lines of other kinds, for whoever asked for them. */
  readonly rest: readonly string[];
}

interface Draft {
  readonly there: 'present' | 'absent';
  readonly manifest: 'present' | 'absent';
  readonly script: 'present' | 'absent';
  unreadable: string | null;
  claim: ReceiptFile | null;
  end: ReceiptFile | null;
  readonly processes: Set<number>;
}

interface ReceiptFile {
  readonly state: FileState;
  readonly text: string;
}

const TOKEN = /^token ([a-z0-9-]+) (present|absent|hidden) (present|absent) (present|absent)$/;
const HIDDEN = /^hidden (.+)$/s;
const RECEIPT = /^(claim|end) (absent|odd|whole|hidden) (.*)$/s;
const LATE = /^late ([a-z0-9-]+) (absent|odd|whole|hidden) (.*)$/s;
const STOPPED = /^stopped ([0-9]{1,10})$/;
const PROCESS = /^process ([0-9]{1,10}) (.*)$/s;

/**
 * The lines that `facts`, `scan` and `queue_read` print. Null for anything that is not exactly that, or where the
 * processes were not looked for to the end.
 */
export function readFacts(lines: readonly string[]): FactsAnswer | null {
  const drafts = new Map<string, Draft>();
  const queue: string[] = [];
  const rest: string[] = [];
  const strangers = new Set<string>();
  const stopped = new Set<number>();
  let current: Draft | null = null;
  let scanned = false;
  for (const line of lines) {
    const word = line.slice(0, line.indexOf(' ') === -1 ? line.length : line.indexOf(' '));
    switch (word) {
      case 'queue':
        queue.push(line.slice('queue '.length));
        break;
      case 'token': {
        const match = TOKEN.exec(line) as unknown as [string, string, Presence | 'hidden', Presence, Presence] | null;
        if (match === null) return null;
        const [, token, there, manifest, script] = match;
        current = {
          // what is hidden is not known to be absent
          there: there === 'absent' ? 'absent' : 'present',
          manifest,
          script,
          unreadable: null,
          claim: null,
          end: null,
          processes: new Set(),
        };
        drafts.set(token, current);
        break;
      }
      case 'hidden': {
        const match = HIDDEN.exec(line);
        if (match === null || current === null) return null;
        current.unreadable ??= match[1]!;
        break;
      }
      case 'claim':
      case 'end': {
        const match = RECEIPT.exec(line) as unknown as [string, 'claim' | 'end', FileState, string] | null;
        if (match === null || current === null || current[word] !== null) return null;
        current[word] = readFile(current, match[2], match[3]);
        break;
      }
      case 'late': {
        const match = LATE.exec(line) as unknown as [string, string, FileState, string] | null;
        const draft = match === null ? undefined : drafts.get(match[1]);
        if (match === null || draft === undefined) return null;
        draft.end = readFile(draft, match[2], match[3]);
        break;
      }
      case 'process': {
        const match = PROCESS.exec(line) as unknown as [string, string, string] | null;
        if (match === null) return null;
        const draft = drafts.get(match[2]);
        if (draft === undefined) strangers.add(match[2]);
        else draft.processes.add(Number(match[1]));
        break;
      }
      case 'stopped': {
        const match = STOPPED.exec(line);
        if (match === null) return null;
        stopped.add(Number(match[1]));
        break;
      }
      case 'scanned':
        scanned = true;
        break;
      default:
        rest.push(line);
    }
  }
  const attempts: FileFacts[] = [];
  for (const [token, draft] of drafts) {
    if (draft.claim === null || draft.end === null) return null;
    const { claim, slot } = parseClaim(draft.claim.state, draft.claim.text);
    attempts.push({
      token,
      unreadable: draft.unreadable,
      directory: draft.there,
      manifest: draft.manifest,
      script: draft.script,
      claim,
      slot,
      end: parseEnd(draft.end.state, draft.end.text),
      processes: [...draft.processes].sort((a, b) => a - b),
      stopped: draft.processes.size > 0 && [...draft.processes].every((pid) => stopped.has(pid)),
    });
  }
  return scanned ? { attempts, strangers: [...strangers], queueText: queue.join('\n'), rest } : null;
}

function readFile(draft: Draft, state: FileState, text: string): ReceiptFile {
  if (state !== 'hidden') return { state, text };
  draft.unreadable ??= text;
  return { state, text: '' };
}

type Presence = 'present' | 'absent';

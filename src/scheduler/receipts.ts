import type { Claim, End, JobClaim, Receipt } from '../domain/job.ts';

/**
 * The two receipts as text: one line of plain words, ended by a newline. The host hands over the line together with
 * what it saw of the file; whatever is not exactly one known line is garbled, and says nothing.
 *
 *   claim   job NODE BOOT PIDNS UID PID SESSION|- TICKS SLOT
 *   claim   revoked WHO WHY
 *   end     exited CODE STARTED ENDED · lost · signalled NAME STARTED ENDED (of job scripts of version 1)
 *
 * STARTED and ENDED are seconds since 1970 by the clock of the job's own node, for people only.
 */

/** `odd`: the file is there, and is not one whole line (empty, cut, more than one, a folder). `hidden`: nobody can tell. */
export type FileState = 'absent' | 'odd' | 'whole' | 'hidden';

/** Long enough for any sentence of an operator, short enough for one block of any file system. */
const WORD_LIMIT_CHARACTERS = 400;

/** Any text as one word without spaces; `%` alone is the empty text, which would otherwise be no word at all. */
export function encodeWord(text: string): string {
  // the Buffer replaces lone surrogates, at which encodeURIComponent throws
  const wellFormed = Buffer.from(text.slice(0, WORD_LIMIT_CHARACTERS)).toString();
  return wellFormed === '' ? '%' : encodeURIComponent(wellFormed).replaceAll('%2F', '/');
}

/** Null for what `encodeWord` never wrote. */
export function decodeWord(word: string): string | null {
  if (word === '%') return '';
  try {
    const text = decodeURIComponent(word);
    return encodeWord(text) === word ? text : null;
  } catch {
    return null;
  }
}

/** A claim that was seen once, as its receipt had it; only for whoever looks for its processes. */
export function claimLine({ node, bootId, pidNamespace, uid, pid, session, startTicks }: JobClaim): string {
  return `job ${node} ${bootId} ${pidNamespace} ${uid} ${pid} ${session ?? '-'} ${startTicks} %`;
}

export function revocationLine(why: { readonly who: string; readonly why: string }): string {
  return `revoked ${encodeWord(why.who)} ${encodeWord(why.why)}`;
}

/** As the host script links it for a job that is proven gone and had written nothing. */
export const LOST_LINE = 'lost';

const JOB =
  /^job ([!-~]+) ([0-9a-f-]{8,64}) ([0-9]{1,20}) ([0-9]{1,10}) ([0-9]{1,10}) (-|[0-9]{1,10}) ([0-9]{1,20}) ([!-~]+)$/;
const REVOKED = /^revoked ([!-~]+) ([!-~]+)$/;
const EXITED = /^exited ([0-9]{1,3}) [0-9]{1,12} [0-9]{1,12}$/;
const SIGNALLED = /^signalled ([A-Z][A-Z0-9+-]{0,15}) [0-9]{1,12} [0-9]{1,12}$/;

export interface ClaimFile {
  readonly claim: Receipt<Claim>;
  /** `HOST/SLOT`; null for a revocation and for what cannot be read. */
  readonly slot: string | null;
}

export function parseClaim(state: FileState, text: string): ClaimFile {
  if (state === 'absent') return { claim: { kind: 'absent' }, slot: null };
  const value = state === 'whole' ? (readJob(text) ?? readRevocation(text)) : null;
  return value ?? { claim: { kind: 'garbled', text }, slot: null };
}

function readJob(text: string): ClaimFile | null {
  const match = JOB.exec(text);
  if (match === null) return null;
  // every group of the pattern takes part in any match
  const [, node, bootId, pidNamespace, uid, pid, session, startTicks, slotWord] = match as unknown as string[];
  const slot = decodeWord(slotWord!);
  if (slot === null) return null;
  const claim: Claim = {
    by: 'job',
    node: node!,
    bootId: bootId!,
    pidNamespace: pidNamespace!,
    uid: Number(uid),
    pid: Number(pid),
    session: session === '-' ? null : Number(session),
    startTicks: startTicks!,
  };
  return { claim: { kind: 'present', value: claim }, slot };
}

function readRevocation(text: string): ClaimFile | null {
  const match = REVOKED.exec(text);
  const who = match === null ? null : decodeWord(match[1]!);
  const why = match === null ? null : decodeWord(match[2]!);
  if (who === null || why === null) return null;
  return { claim: { kind: 'present', value: { by: 'revocation', who, why } }, slot: null };
}

export function parseEnd(state: FileState, text: string): Receipt<End> {
  if (state === 'absent') return { kind: 'absent' };
  const end = state === 'whole' ? readEnd(text) : null;
  return end === null ? { kind: 'garbled', text } : { kind: 'present', value: end };
}

function readEnd(text: string): End | null {
  if (text === LOST_LINE) return { kind: 'lost' };
  const exited = EXITED.exec(text);
  if (exited !== null) {
    const exitCode = Number(exited[1]);
    return exitCode <= 255 ? { kind: 'exited', exitCode } : null;
  }
  const signalled = SIGNALLED.exec(text);
  return signalled === null ? null : { kind: 'signalled', signal: signalled[1]! };
}

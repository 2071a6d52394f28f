import { INTAKE } from '../domain/trouble.ts';
import { lstatOf } from './directory.ts';
import type { Desk } from './desk.ts';
import { tryWrite } from './desk.ts';
import { settleRetried } from './known.ts';
import type { Recheck } from './known.ts';
import type { LedgerChange } from './ledger.ts';
import { openIntake } from './opening.ts';
import { hasStamp, recordedText } from './recorded.ts';
import { rootIdentity, scanRoot } from './scan.ts';
import type { Listed, Scan, Stray } from './scan.ts';
import { MAX_UNSETTLED } from './unsettled.ts';
import type { Watch } from './watch.ts';

/** Strays that are written down and told by name; whoever drops more has another problem. */
const MAX_STRAYS = 1_000;

/** One whole pass over the watched directory: the truth, where notifications are hints. False: it could not be made. */
export async function rescan(desk: Desk, watch: Watch, recheck: Recheck): Promise<boolean> {
  const root = await rootIdentity(desk.watch.path);
  if (root.kind !== 'found') {
    desk.troubles.note(INTAKE, 'unreadable', root.kind === 'missing' ? `there is no ${desk.watch.path}` : root.reason);
    return false;
  }
  // armed before it is read: what comes in between is not missed
  if (watch.identity !== root.identity) await watch.arm(root.identity);
  const scan = await scanRoot({
    root: desk.watch.path,
    depth: desk.watch.depth,
    isTemporaryName: desk.isTemporaryName,
    signal: desk.signal,
  });
  if (scan.kind === 'stopped' || desk.signal.aborted) return false;
  if (scan.kind !== 'listed') {
    desk.troubles.note(INTAKE, 'unreadable', scan.kind === 'missing' ? `there is no ${desk.watch.path}` : scan.reason);
    return false;
  }
  desk.troubles.over(INTAKE, 'unreadable');
  tellLimits(desk, scan);
  if (!openIntake(desk, root.identity, scan)) return false;

  desk.unsettled.releaseHeld();
  let hasRoom = true;
  for (const folder of scan.folders) hasRoom = consider(desk, folder) && hasRoom;
  if (hasRoom) desk.troubles.over(INTAKE, 'incomplete');
  setStraysAside(desk, scan.strays);
  await forgetGone(desk, scan);
  settleRetried(desk);
  for (const { path, name } of await recheck.next(desk)) desk.unsettled.track(path, name, desk.clock.monotonic());
  desk.log({
    level: 'trace',
    event: 'intake.rescanned',
    folders: scan.folders.length,
    message: `read ${desk.watch.path}: ${scan.folders.length} folders`,
  });
  return true;
}

/** Takes note of a folder: a new one is watched until it settles, a known one when it is not as recorded. False: no room. */
export function consider(desk: Desk, { path, name, stamp }: Listed): boolean {
  const row = desk.ledger.get(path);
  if (row !== undefined && row.state !== 'settling' && hasStamp(row.signature, stamp)) return true;
  if (desk.unsettled.get(path) !== undefined) return true;
  if (!desk.unsettled.track(path, name, desk.clock.monotonic())) {
    desk.troubles.note(INTAKE, 'incomplete', `${MAX_UNSETTLED} are watched`);
    return false;
  }
  if (row === undefined) desk.log({ level: 'info', event: 'intake.found', name, message: `${name} appeared` });
  return true;
}

/** Files where only folders belong: rejected by name, once. A file never takes the place of a folder that is known. */
function setStraysAside(desk: Desk, strays: readonly Stray[]): void {
  if (strays.length <= MAX_STRAYS) desk.troubles.over(INTAKE, 'strays');
  else desk.troubles.note(INTAKE, 'strays', `${strays.length} of them; ${MAX_STRAYS} are listed`);
  const changes: LedgerChange[] = [];
  for (const { path, name, stamp, reason } of strays.slice(0, MAX_STRAYS)) {
    const row = desk.ledger.get(path);
    if (row !== undefined && row.state !== 'settling' && row.state !== 'rejected') continue;
    // an edit of a file makes it no folder
    if (row?.state === 'rejected' && row.reason === reason) continue;
    const signature = recordedText({ stamp, signature: '', fingerprint: '' });
    changes.push({ path, name, state: 'rejected', reason, caseId: null, signature });
  }
  if (changes.length === 0 || !tryWrite(desk, () => desk.ledger.put(changes))) return;
  for (const { path, name, reason } of changes) {
    desk.unsettled.drop(path);
    desk.log({
      level: 'warn',
      event: 'intake.rejected',
      name,
      reason: reason ?? '',
      message: `${name} cannot be a case, and was left as it is: ${reason}`,
    });
  }
}

/**
 * Rows of folders that went away before they became cases. Whatever is known (a case, the history, done) is kept though its
 * folder is not seen: it may come back with its disk, and must not seem new then.
 */
async function forgetGone(desk: Desk, scan: Extract<Scan, { kind: 'listed' }>): Promise<void> {
  const seen = new Set([...scan.folders, ...scan.strays].map(({ path }) => path));
  const isComplete = !scan.crowded && scan.hidden.length === 0;
  const gone: string[] = [];
  for (const row of desk.ledger.rows()) {
    if ((row.state !== 'settling' && row.state !== 'rejected') || seen.has(row.path)) continue;
    // not listed though all was: a name that is no text, or a place that the configuration leaves out now
    const isLeftOut = isComplete && desk.unsettled.get(row.path) === undefined;
    if (isLeftOut || (await lstatOf(row.path)).kind === 'gone') gone.push(row.path);
  }
  if (gone.length === 0) return;
  // had the whole directory gone away meanwhile, that would say nothing
  if ((await rootIdentity(desk.watch.path)).kind !== 'found') return;
  const names = gone.map((path) => desk.ledger.get(path)?.name ?? path);
  if (!tryWrite(desk, () => desk.ledger.remove(gone))) return;
  for (const [index, path] of gone.entries()) {
    desk.unsettled.drop(path);
    const name = names[index]!;
    desk.log({ level: 'info', event: 'intake.gone', name, message: `${name} went away before it became a case` });
  }
}

function tellLimits(desk: Desk, scan: Extract<Scan, { kind: 'listed' }>): void {
  if (scan.crowded) desk.troubles.note(INTAKE, 'crowded', 'move what is done to another directory');
  else desk.troubles.over(INTAKE, 'crowded');
  const [first] = scan.hidden;
  if (first === undefined) desk.troubles.over(INTAKE, 'hidden');
  else {
    desk.troubles.note(INTAKE, 'hidden', `${first.name} (${first.code}) and ${scan.hidden.length - 1} more`);
  }
}

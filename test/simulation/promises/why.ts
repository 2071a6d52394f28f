import type { Phase } from '../../../src/domain/case.ts';
import { explain, gatherWhy } from '../../../src/views/why.ts';
import type { Explanation, WhyConfig } from '../../../src/views/why.ts';
import type { Database } from '../daemon/database.ts';
import { RESULTS } from '../results-folder.ts';
import type { Accuse } from '../violation.ts';
import type { CaseLine, Page } from './book.ts';
import { describe } from './case-facts.ts';

/** What a live case may be said to wait for in each phase, when nothing stands in the way of all of them. */
const OWN: Readonly<Record<Exclude<Phase, 'completed' | 'failed'>, readonly Explanation['waitsFor'][]>> = {
  waiting: ['turn', 'host'],
  staging: ['upload', 'host'],
  staged: ['slot', 'host'],
  creating: ['submission'],
  confirming: ['submission'],
  releasing: ['queue'],
  queued: ['queue'],
  executing: ['job'],
  stopping: ['proof'],
  collecting: ['collection'],
};

/** A value that got into a sentence without having become words. */
const NO_WORDS = /\b(undefined|null|NaN|Infinity)\b|\[object|no reason was recorded|\(unknown\)/;

export interface Asked {
  readonly database: Database;
  readonly hosts: readonly { readonly name: string; readonly stageAhead: number }[];
  readonly nowMs: number;
}

/** The answer of `mqi why CASE`. */
export function whyOf({ database, hosts, nowMs }: Asked, line: CaseLine): Explanation | null {
  const config: WhyConfig = { hosts, results: RESULTS, quietPeriodMs: 0, readyMarker: null };
  const facts = gatherWhy(database.openForOrders().db, line.id, config, { running: true }, nowMs);
  return facts === null ? null : explain(facts);
}

/** Promise 7, at any moment: a final state with a reason, or something with a name that is really waited for. */
export function checkWhy(asked: Asked, page: Page, line: CaseLine, accuse: Accuse): void {
  const why = whyOf(asked, line);
  const wrong = (because: string): void =>
    accuse(7, `${because}: mqi why says of ${describe(line)}: ${why?.waitsFor ?? '?'}, ${why?.sentence ?? 'nothing'}`);
  if (why === null) return wrong('there is no answer');
  if (NO_WORDS.test(why.sentence)) return wrong('there is no reason in it');
  if (line.state === 'completed') {
    if (why.waitsFor !== 'nothing') wrong('it is over');
    return;
  }
  if (line.state === 'failed') {
    if (line.failureKind === null || !why.sentence.includes(line.failureKind)) wrong('its reason is missing');
    return;
  }
  if (why.waitsFor === 'operator' && why.next === null) wrong('nobody is told what to type');
  if (line.setAside !== null) return;
  const obstacle = obstacleOf(page, line);
  if (obstacle !== null) {
    if (why.waitsFor !== obstacle) wrong(`it waits for ${obstacle}`);
  } else if (!OWN[line.phase as keyof typeof OWN].includes(why.waitsFor)) wrong('its phase waits for something else');
  else if (why.waitsFor === 'host' && !isHeldUpByHost(page, line)) wrong('its host is there');
}

/** What stands in the way of a case whatever its phase, the first thing first; null for nothing. */
function obstacleOf(page: Page, line: CaseLine): 'host' | 'operator' | 'proof' | null {
  if (line.blindCause !== null) return 'host';
  if (line.state === 'submitted') {
    if (line.paused === 1) return 'operator';
    const { attempts } = page;
    const held = attempts.filter(({ caseId, token }) => caseId === line.id && token !== line.token);
    if (held.some(({ orphan }) => orphan !== null)) return 'operator';
    if (held.some(({ proof }) => proof === null)) return 'proof';
  }
  return line.blocked !== null && line.phase !== 'executing' ? 'operator' : null;
}

/** One that is unreachable, or not reconciled yet: its own, or before it has one any. */
function isHeldUpByHost({ reconciled, offline, hosts, isRestored }: Page, line: CaseLine): boolean {
  const own = hosts.filter((name) => line.host === null || line.host === name);
  return isRestored || own.some((name) => offline.has(name) || !reconciled.has(name));
}

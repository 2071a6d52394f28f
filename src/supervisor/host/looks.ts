import type { CaseEvent } from '../../../machines/index.ts';
import { LINGER_MS } from '../../../machines/index.ts';
import type { Phase } from '../../domain/case.ts';
import type { Clock } from '../../domain/clock.ts';
import type { Troubles } from '../../domain/trouble.ts';
import type { JobClaim } from '../../domain/job.ts';
import type { Observation } from '../../domain/observation.ts';
import { judge, withSeenClaim } from '../../scheduler/judge.ts';
import type { Blind, Facts, Look } from '../../scheduler/scheduler.ts';
import { readAttempt, updateAttempt } from '../../store/attempts.ts';
import type { CaseRow } from '../../store/cases.ts';
import type { Reader, Tx } from '../../store/database.ts';
import type { Dispatch } from '../case/dispatch.ts';
import type { Host } from './host.ts';
import type { LiveCases } from '../case/live-cases.ts';
import { reasonOf } from '../log.ts';

/** The phases that a look may move on. `stopping` is not one: its own work is the proof. */
const OBSERVED: ReadonlySet<Phase> = new Set<Phase>(['releasing', 'queued', 'executing']);

/** Two looks that hints ask for are at least this far apart, so that a burst of them costs one look. */
const HINT_GAP_MS = 50;

/** How much executing time may wait, uncommitted, for the next change: a week of looks stays a few rows. */
const CLOCK_COMMIT_MS = 60_000;

/** A gap longer than this many intervals is no unbroken view: only so much of it counts. */
const COUNTED_INTERVALS = 3;

/** What the last good look saw of a case, in memory only: a restart begins a new view. */
interface View {
  readonly entry: number;
  readonly atMs: number;
  readonly kind: Observation['kind'];
  /** Seen as this kind, not committed yet. */
  pendingMs: number;
}

/** One look a host and interval, whatever the number of cases; a hint asks for one now. */
export interface Observer {
  start(): void;
  /** The next look comes now. */
  hint(): void;
  /** The host became unreachable: what was seen before and after does not connect. */
  forget(): void;
  stop(): Promise<void>;
}

export function createObserver(deps: {
  readonly host: Host;
  readonly live: LiveCases;
  readonly isOnline: () => boolean;
  readonly onBlind: (blind: Blind) => void;
  readonly onLook: (look: Look) => void;
  readonly store: Reader;
  readonly dispatch: Dispatch;
  readonly clock: Clock;
  readonly troubles: Troubles;
}): Observer {
  const { host, live, isOnline, dispatch, clock, troubles } = deps;
  const views = new Map<string, View>();
  /** Attempts whose claim the database has. */
  const remembered = new Set<string>();
  const stopping = new AbortController();
  let wake = new AbortController();
  let hinted = false;
  /** Counts the times that the host became unreachable. */
  let spells = 0;
  let running: Promise<void> = Promise.resolve();

  const loop = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const begun = clock.monotonic();
      hinted = false;
      wake = new AbortController();
      if (isOnline()) {
        try {
          await lookOnce(begun);
          troubles.over({ kind: 'host', host: host.name }, 'looking');
        } catch (error) {
          troubles.note({ kind: 'host', host: host.name }, 'looking', error);
        }
      }
      await clock.sleep(HINT_GAP_MS, stopping.signal);
      const restMs = host.observeEveryMs - (clock.monotonic() - begun);
      if (!hinted && restMs > 0) await clock.sleep(restMs, wake.signal);
    }
  };

  const lookOnce = async (atMs: number): Promise<void> => {
    const asked = new Map<string, CaseRow>();
    for (const row of live.on(host.name)) if (row.token !== null && OBSERVED.has(row.phase)) asked.set(row.token, row);
    const spell = spells;
    const look = await host.scheduler.look([...asked.keys()], stopping.signal);
    // a look that a blind spell overtook would connect what was seen before it with what is seen after
    if (stopping.signal.aborted || spell !== spells) return;
    if (look.kind === 'blind') {
      endViews();
      return deps.onBlind(look);
    }
    deps.onLook(look);
    let broken: unknown = null;
    for (const facts of look.facts) {
      const row = asked.get(facts.token);
      if (row === undefined) continue;
      try {
        // what was seen to execute had claimed
        const known = row.phase === 'executing' ? withSeenClaim(facts, claimOf(facts)) : facts;
        note(row, known, judge(known, look.node), atMs);
      } catch (error) {
        // a case that throws does not hold up the others
        broken = error;
      }
    }
    for (const caseId of views.keys()) if (live.get(caseId) === null) views.delete(caseId);
    for (const token of remembered) if (!asked.has(token)) remembered.delete(token);
    if (broken !== null) throw new Error(reasonOf(broken));
  };

  const note = (asked: CaseRow, facts: Facts, observation: Observation, atMs: number): void => {
    const now = live.get(asked.id);
    // an old look does not speak for a case that has moved on since its command started
    if (now === null || now.entry !== asked.entry) return;
    const before = views.get(asked.id);
    if (before !== undefined && before.entry === asked.entry && before.kind !== observation.kind) {
      commitPending(asked.id, before);
    }
    if (observation.kind === 'unknown') {
      views.delete(asked.id);
      // of this case alone: what it says of itself is told, and nothing is decided by it
      const event: CaseEvent = { type: 'job.observed', observation, sinceMs: null };
      if (now.blocked !== observation.reason || now.blindCause !== null) {
        dispatch(asked.id, event, { entry: asked.entry });
      }
      return;
    }
    const sinceMs = unbrokenMs(before, asked.entry, observation, atMs);
    const view: View = {
      entry: asked.entry,
      // when a look began nobody knows yet that it would see it: a view begins with the answer, and goes on with looks
      atMs: sinceMs === null ? clock.monotonic() : atMs,
      kind: observation.kind,
      pendingMs: sinceMs === null ? 0 : before!.pendingMs + sinceMs,
    };
    const found = asked.jobId === null && facts.job?.id != null ? facts.job : null;
    const isNew = before?.entry !== asked.entry || before.kind !== observation.kind || found !== null;
    const aside = observation.kind === 'executing' ? (observation.aside ?? null) : null;
    if (isNew || now.blocked !== aside || isDue(now, view)) {
      const event: CaseEvent = {
        type: 'job.observed',
        observation,
        sinceMs: sinceMs === null ? null : view.pendingMs,
        ...(found === null ? {} : { job: found }),
      };
      // when the commit fails (disk full), the next look must find this one's news new again
      views.delete(asked.id);
      dispatch(asked.id, event, { entry: asked.entry, also: (tx) => rememberClaim(tx, facts) });
      if (isClaimedByJob(facts)) remembered.add(facts.token);
      view.pendingMs = 0;
    }
    views.set(asked.id, view);
  };

  /** Asked only where the receipt of a job that was seen to execute is not there. */
  const claimOf = (facts: Facts): JobClaim | null =>
    isClaimedByJob(facts) ? null : (readAttempt(deps.store.db, facts.token)?.claim ?? null);

  const rememberClaim = (tx: Tx, { token, claim }: Facts): void => {
    if (claim.kind !== 'present' || claim.value.by !== 'job' || remembered.has(token)) return;
    updateAttempt(tx, token, { claim: claim.value });
  };

  /** What was seen as one kind must not be lost, nor counted as another, when the view of it ends. */
  const commitPending = (caseId: string, view: View): void => {
    const { kind, entry, pendingMs } = view;
    if (pendingMs === 0 || (kind !== 'executing' && kind !== 'lingering')) return;
    dispatch(caseId, { type: 'job.observed', observation: { kind }, sinceMs: pendingMs }, { entry });
    view.pendingMs = 0;
  };

  const endViews = (): void => {
    for (const [caseId, view] of views) {
      try {
        commitPending(caseId, view);
      } catch (error) {
        troubles.note({ kind: 'daemon' }, 'database', error);
      }
    }
    views.clear();
  };

  /** Time counts only between two looks of the same entry that both saw it at work. */
  const unbrokenMs = (
    before: View | undefined,
    entry: number,
    observation: Observation,
    atMs: number,
  ): number | null => {
    if (before === undefined || before.entry !== entry || before.kind !== observation.kind) return null;
    if (observation.kind !== 'executing' && observation.kind !== 'lingering') return null;
    return Math.min(atMs - before.atMs, COUNTED_INTERVALS * host.observeEveryMs);
  };

  /** Whether a look that saw nothing new is worth a commit. */
  const isDue = (row: CaseRow, view: View): boolean => {
    if (row.blindCause !== null) return true;
    if (view.kind === 'held') return true;
    if (view.kind === 'lingering') return view.pendingMs >= Math.min(LINGER_MS, host.observeEveryMs);
    return (
      view.pendingMs >= CLOCK_COMMIT_MS || (view.kind === 'executing' && row.observedMs + view.pendingMs >= row.limitMs)
    );
  };

  return {
    start() {
      running = loop();
    },
    hint() {
      hinted = true;
      wake.abort();
    },
    forget() {
      spells += 1;
      endViews();
    },
    async stop() {
      stopping.abort();
      wake.abort();
      await running;
    },
  };
}

function isClaimedByJob({ claim }: Facts): boolean {
  return claim.kind === 'present' && claim.value.by === 'job';
}

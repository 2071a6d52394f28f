import type { Phase } from '../../../src/domain/case.ts';
import type { Blind, Facts, GpusOutcome, Look } from '../../../src/scheduler/scheduler.ts';
import type { Database } from '../daemon/database.ts';
import type { SimHost } from '../host/sim-host.ts';
import type { Act, Overseer } from '../ports/overseer.ts';
import type { ResultsFolder } from '../results-folder.ts';
import type { Accuse } from '../violation.ts';
import type { Hand, JobRecord, Witness } from '../witness.ts';
import { abilitiesOn } from './ability.ts';
import type { Ability } from './ability.ts';
import { Book } from './book.ts';
import type { CaseLine, Page, SlotLine } from './book.ts';
import { checkAct } from './commit-before-act.ts';
import { checkExplained, isAtRest } from './explained.ts';
import { checkOthers, waitingBeside } from './others-go-on.ts';
import type { Odd } from './others-go-on.ts';
import { checkVerdicts } from './no-verdict-while-blind.ts';
import { checkOneCaseASlot } from './one-case-a-slot.ts';
import { checkOneJob } from './one-job.ts';
import { OperatorsWord } from './operators-word.ts';
import { BusySlots } from './no-busy-slot.ts';
import { checkAttempts, checkInterrupted, checkRestart } from './restart.ts';
import { checkCompleted } from './verified.ts';
import { checkTroubles } from './told.ts';
import { TriedAgain } from './tried-again.ts';
import { checkWhy, whyOf } from './why.ts';
import type { Asked } from './why.ts';

/** A gap of more than this many intervals is no unbroken view (src/supervisor/host/looks.ts). */
const COUNTED_INTERVALS = 3;

/** The phases in which a look may move a case on. */
const OBSERVED: ReadonlySet<Phase> = new Set(['releasing', 'queued', 'executing']);

/** The phases in which a job has been let go, or may have been. */
const LET_GO: ReadonlySet<Phase> = new Set(['releasing', 'queued', 'executing', 'stopping', 'collecting']);

export interface CheckerDeps {
  readonly database: Database;
  readonly hosts: () => readonly SimHost[];
  readonly witness: Witness;
  readonly results: ResultsFolder;
  readonly accuse: Accuse;
  readonly nowMs: () => number;
  readonly observeEveryMs: number;
  readonly stageAhead: number;
}

/** Holds every commit, every act and every turn of the hosts against the promises. */
export class Checker implements Overseer {
  readonly #deps: CheckerDeps;
  readonly #book: Book;
  #page: Page;
  #abilities: readonly Ability[] = [];
  /** Tokens whose job was let go by a committed state. */
  readonly #letGo = new Set<string>();
  /** Why the job of an attempt was to be stopped, as last committed. */
  readonly #stopReasons = new Map<string, NonNullable<CaseLine['stop']>>();
  readonly #goodLooks = new Map<string, number>();
  /** When each host was last unreachable: no look that began before connects with one after. */
  readonly #blindAtMs = new Map<string, number>();
  /** Hosts that a command had no answer from, or whose connection was lost, since they came online. */
  readonly #unseen = new Set<string>();
  /** Attempts of which looks could not tell: how many in a row, and in what entry of their case. */
  readonly #oddLooks = new Map<string, { readonly entry: number; readonly times: number }>();
  /** Attempts that hold a slot by the word of a restored backup. */
  #staleLeases: ReadonlySet<string> = new Set();
  readonly #busySlots = new BusySlots();
  readonly #word = new OperatorsWord();
  readonly #triedAgain = new TriedAgain();
  blindSpells = 0;
  hasForgotten = false;
  hostChanged = false;

  constructor(deps: CheckerDeps) {
    this.#deps = deps;
    this.#book = new Book(deps.database);
    this.#page = this.#book.read();
  }

  get page(): Page {
    return this.#page;
  }

  get abilities(): readonly Ability[] {
    return this.#abilities;
  }

  /** Something was committed. */
  committed(): void {
    const before = this.#page;
    const after = this.#book.read();
    this.#page = after;
    for (const host of after.offline) {
      if (before.offline.has(host)) continue;
      this.blindSpells += 1;
      if (before.online.has(host) && !this.#unseen.has(host))
        this.#deps.accuse(8, `${host} is said to be unreachable, and each command there had its answer`);
      this.wentBlind(host);
      this.#endView(host);
    }
    for (const host of after.online) if (!before.online.has(host)) this.#unseen.delete(host);
    for (const line of after.cases.values()) this.#remember(line);
    this.#abilities = this.#deps.hosts().flatMap(abilitiesOn);
    const { witness, accuse, results, nowMs } = this.#deps;
    const commit = {
      before,
      after,
      abilities: this.#abilities,
      witness,
      accuse,
      nowMs: nowMs(),
      hasForgotten: this.hasForgotten,
    };
    this.#busySlots.checkLeases(before, after, accuse);
    this.#word.committed(before, after, this.#deps.hosts(), witness, nowMs(), accuse);
    this.#askWhy(before, after);
    this.#triedAgain.committed(before, after, accuse);
    checkTroubles(before, after, accuse);
    checkVerdicts(commit);
    checkInterrupted(commit);
    checkCompleted(commit, results);
    if (!this.hasForgotten) checkAttempts(after, this.#book, accuse);
    this.hostChanged = true;
  }

  /**
   * Of each case that a commit moved on, held up, or made unreachable. An answer of `mqi why` costs more than all other
   * checks of a commit: asked of every case after every step it would halve the seeds a second.
   */
  #askWhy(before: Page, after: Page): void {
    const asked = this.#asked();
    for (const line of after.cases.values())
      if (isNews(before.cases.get(line.id), line)) checkWhy(asked, after, line, this.#deps.accuse);
  }

  #asked(): Asked {
    const { database, hosts, nowMs, stageAhead } = this.#deps;
    return { database, hosts: hosts().map(({ name }) => ({ name, stageAhead })), nowMs: nowMs() };
  }

  #remember({ token, phase, stop, fingerprint }: CaseLine): void {
    if (token === null) return;
    // a case that takes an earlier attempt back may have been read anew since
    this.#deps.witness.of(token).inputs ??= fingerprint;
    if (LET_GO.has(phase)) this.#letGo.add(token);
    if (phase === 'stopping' && stop !== null) this.#stopReasons.set(token, stop);
  }

  /** After every step of the world. */
  stepped(): void {
    if (this.#deps.database.full) this.#triedAgain.forget();
    if (!this.hostChanged) return;
    this.hostChanged = false;
    this.#abilities = this.#deps.hosts().flatMap(abilitiesOn);
    this.#word.expire(this.#page, this.#abilities);
    const isExcused = (ability: Ability): boolean => this.#word.excuses(ability);
    checkOneJob(this.#abilities, isExcused, this.#deps.witness, this.#deps.accuse);
    const isStale = (slot: SlotLine): boolean => slot.token !== null && this.#staleLeases.has(slot.token);
    checkOneCaseASlot(this.#page, this.#abilities, isExcused, isStale, this.#deps.accuse);
  }

  /** The database was set back: nothing follows from what was before. */
  restored(): void {
    this.hasForgotten = true;
    this.#staleLeases = new Set(this.#book.read().slots.flatMap((slot) => slot.token ?? []));
    // what it says of hosts is as old as the rest
    this.#page = { ...this.#book.read(), reconciled: new Set() };
  }

  /** The supervisor has started: `before` is what it found. */
  restarted(before: Page): void {
    checkRestart(before, this.#book.read(), this.#book, this.#deps.accuse);
    this.#goodLooks.clear();
    this.#oddLooks.clear();
    this.#busySlots.forget();
    this.#word.forget();
    this.#triedAgain.forget();
  }

  started(record: JobRecord): void {
    if (this.#letGo.has(record.token) || record.operatorReleased) return;
    this.#deps.accuse(4, `the payload of ${record.token} starts, and no committed state had let its job go`);
  }

  /** A payload was ended. By us only for a reason: a healthy job is never killed. */
  ended(record: JobRecord, by: Hand): void {
    // a stop that a forgotten past had sent may arrive any time
    if (by !== 'us' || record.hostLost || record.operatorTouched || this.hasForgotten) return;
    const reason = this.#stopReasons.get(record.token);
    if (reason !== undefined && reason !== 'missing') return;
    this.#deps.accuse(3, `the healthy job of ${record.token} was killed by us (${reason ?? 'for no reason'})`);
  }

  acts(act: Act, token: string, signal: AbortSignal): void {
    if (signal.aborted) return;
    checkAct(this.#page, act, token, this.#deps.accuse);
    const record = this.#deps.witness.of(token);
    const isOrphan = this.#page.attempts.some((attempt) => attempt.token === token && attempt.orphan !== null);
    if (act === 'stop' && record.killOrdered && isOrphan) record.operatorTouched = true;
  }

  lookStarts(): number {
    return this.#deps.nowMs();
  }

  /** Our own account of the time that was seen, in the words of the design. */
  looked(host: string, tokens: readonly string[], outcome: Look | Blind, startedAtMs: number): void {
    // of what it did not ask for a failed look says nothing: an order may have its own
    if (outcome.kind === 'blind') return tokens.forEach((token) => this.#goodLooks.delete(token));
    this.#word.looked(host, outcome);
    this.#checkTold(outcome);
    // what it saw was before the host became unreachable
    if (startedAtMs < (this.#blindAtMs.get(host) ?? 0)) return;
    for (const facts of outcome.facts) this.#note(facts, startedAtMs);
    for (const token of tokens)
      if (!outcome.facts.some((facts) => facts.token === token)) this.#goodLooks.delete(token);
  }

  /** Promise 7: what looks cannot tell of an attempt is said of its case by the second of them. */
  #checkTold({ facts }: Look): void {
    for (const { token, unreadable, claim, end } of facts) {
      const line = [...this.#page.cases.values()].find((candidate) => candidate.token === token);
      // an end that can be read tells enough, whoever had claimed it
      const isOdd =
        unreadable !== null || end.kind === 'garbled' || (claim.kind === 'garbled' && end.kind === 'absent');
      if (line === undefined || !isOdd || !OBSERVED.has(line.phase) || this.#deps.database.full) {
        this.#oddLooks.delete(token);
        continue;
      }
      const before = this.#oddLooks.get(token);
      const times = before?.entry === line.entry ? before.times + 1 : 1;
      this.#oddLooks.set(token, { entry: line.entry, times });
      if (times > 2 && line.blocked === null && line.blindCause === null)
        this.#deps.accuse(7, `nobody is told what is odd of ${token} (${unreadable ?? 'its receipts'})`);
    }
  }

  probeStarts(host: string): number {
    return this.#busySlots.sightOf(host);
  }

  probed(host: string, outcome: GpusOutcome, sight: number): void {
    this.#busySlots.probed(host, outcome, sight);
  }

  wentBlind(host: string): void {
    this.#unseen.add(host);
    this.#busySlots.wentBlind(host);
    this.#word.wentBlind(host);
  }

  #endView(host: string): void {
    this.#blindAtMs.set(host, this.#deps.nowMs());
    for (const { host: at, token } of this.#page.cases.values())
      if (at === host && token !== null) this.#goodLooks.delete(token);
  }

  #note(facts: Facts, startedAtMs: number): void {
    const { token, end, stopped, processes } = facts;
    if (end.kind !== 'absent' || stopped || processes.length === 0) {
      this.#goodLooks.delete(token);
      return;
    }
    const last = this.#goodLooks.get(token);
    // the first one has seen it by its answer only: it may have started while the look was under way
    this.#goodLooks.set(token, last === undefined ? this.#deps.nowMs() : startedAtMs);
    if (last === undefined) return;
    const record = this.#deps.witness.of(token);
    record.seenMs += Math.min(Math.max(0, startedAtMs - last), COUNTED_INTERVALS * this.#deps.observeEveryMs);
  }

  isAtRest(): boolean {
    return isAtRest(this.#page);
  }

  /** Nothing is left to be done but for the attempts and cases that are odd. */
  areOthersAtRest(odd: Odd): boolean {
    return waitingBeside(this.#page, odd).length === 0;
  }

  /** Promise 8, when only these have been odd for long. */
  checkOthers(odd: Odd): void {
    checkOthers(this.#page, odd, this.#deps.accuse);
  }

  checkExplained(): void {
    const asked = this.#asked();
    const { accuse } = this.#deps;
    for (const line of this.#page.cases.values()) checkWhy(asked, this.#page, line, accuse);
    checkExplained(this.#page, (line) => whyOf(asked, line)?.sentence ?? 'nobody knows why', accuse);
  }
}

function isNews(before: CaseLine | undefined, after: CaseLine): boolean {
  return (
    before?.entry !== after.entry ||
    before.paused !== after.paused ||
    before.blocked !== after.blocked ||
    before.setAside !== after.setAside ||
    (before.blindCause === null && after.blindCause !== null)
  );
}

import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createHpc } from '../hpc/lab.ts';
import type { Hpc, Task } from '../hpc/lab.ts';
import { standBefore } from '../lab/gate.ts';
import { jobProcesses } from '../lab/jobs.ts';
import { readJournal } from '../../src/store/journal.ts';
import { caseDetail } from '../../src/store/queries.ts';
import type { FailureKind } from '../../src/domain/failure.ts';
import type { SlotRow } from '../../src/store/slots.ts';
import { createDoors } from './doors.ts';
import type { Doors } from './doors.ts';
import { last } from './faults.ts';
import type { Fault } from './faults.ts';

/** What a case is at while the fault comes; also its name. */
export const MOMENTS = ['upload', 'create', 'release', 'run', 'collect'] as const;
export type Moment = (typeof MOMENTS)[number];

/** What became of a case, after everything was whole again and an operator had retried what had failed. */
export interface CaseOutcome {
  /** Of each attempt that failed, in order. */
  readonly failures: readonly FailureKind[];
  readonly state: string;
  /** How often the job of each attempt was started, in order. */
  readonly runs: readonly number[];
  /** Its events, as the journal has them. */
  readonly events: readonly string[];
  /** How often the host of the case was unreachable in its time, and is well again. */
  readonly spells: number;
  /** The results are byte by byte what went in. */
  readonly isIntact: boolean;
  /** What `mqi why` says of it, while the fault lasts. */
  readonly why: string;
}

export interface Outcome {
  readonly cases: Readonly<Record<Moment, CaseOutcome>>;
  readonly slots: readonly SlotRow['state'][];
  /** Tokens whose claim is by a job. */
  readonly claimed: readonly string[];
  /** Tokens of attempts whose job was started. */
  readonly ran: readonly string[];
  readonly tasks: readonly Task[];
  /** Processes of jobs that are left. */
  readonly left: number;
  readonly seconds: number;
}

/** More than a channel's window holds (2 MiB): so some of it has not left us when the fault comes. */
const INPUT_BYTES = 2_500_000;

/** Five cases are brought to five moments at once, then the fault comes, lasts, and is over. */
export async function play(fault: Fault): Promise<Outcome> {
  const begun = performance.now();
  const takeDowns: (() => Promise<void>)[] = [];
  try {
    const outcome = await playIn(fault, (takeDown) => takeDowns.push(takeDown));
    return { ...outcome, seconds: (performance.now() - begun) / 1000 };
  } finally {
    for (const takeDown of takeDowns.toReversed()) await takeDown();
  }
}

async function playIn(fault: Fault, ends: (takeDown: () => Promise<void>) => void): Promise<Omit<Outcome, 'seconds'>> {
  const folder = mkdtempSync(join(tmpdir(), 'mqi-doors-'));
  ends(async () => rmSync(folder, { recursive: true, force: true }));
  const doors = createDoors(folder);
  const hpc = await createHpc({
    onMachine: true,
    groups: ['gpu0', 'gpu1', 'gpu2', 'gpu3'],
    transport: { keepalive: '1s' },
    sshd: { env: standBefore(join(folder, 'bin'), 'tar', doors.tar) },
    ends,
  });
  // nothing there may still be held when it is taken down
  ends(async () => {
    doors.openAll();
    hpc.machine.thaw();
  });
  hpc.trap(doors.pueue);
  hpc.start();
  await hpc.online();
  await setTheScene(hpc, doors);

  await fault.begin(hpc);
  doors.openAll();
  await last(hpc, fault, () => doors.isPassed('create') && doors.isPassed('release'));
  const whys = new Map<Moment, string>();
  for (const moment of MOMENTS) whys.set(moment, (await hpc.mqi('why', moment)).out);
  await fault.end(hpc);

  // only now: a case that completes before was let go by nobody
  writeFileSync(hpc.file('go'), '');
  await completeAll(hpc);
  await hpc.until('every slot is free', () => hpc.slots().every((slot) => slot.state === 'free'));
  return {
    cases: Object.fromEntries(MOMENTS.map((moment) => [moment, outcomeOf(hpc, moment, whys.get(moment)!)])) as Record<
      Moment,
      CaseOutcome
    >,
    slots: hpc.slots().map((slot) => slot.state),
    claimed: hpc.claimedByJob().toSorted(),
    ran: [...new Set(startsOf(hpc))].toSorted(),
    tasks: await hpc.tasks(),
    left: jobProcesses(hpc.root).length,
  };
}

/** Whoever comes last is the one that holds up nobody else. */
async function setTheScene(hpc: Hpc, doors: Doors): Promise<void> {
  doors.shut('collect');
  drop(hpc, 'collect', '');
  await hpc.eventually('one is being collected', () => doors.isReached('collect'));
  drop(hpc, 'run', `until [ -e '${hpc.file('go')}' ]; do sleep 0.05; done`);
  await hpc.in('run', 'executing');
  doors.shut('release');
  drop(hpc, 'release', '');
  await hpc.eventually('one is being released', () => doors.isReached('release'));
  doors.shut('create');
  drop(hpc, 'create', '');
  await hpc.eventually('one is being created', () => doors.isReached('create'));
  doors.shut('upload');
  drop(hpc, 'upload', '');
  await hpc.eventually('one travels', () => doors.isReached('upload'));
}

/** A job that notes whose it is, does `body`, and gives its input back. */
function drop(hpc: Hpc, name: Moment, body: string): void {
  const hidden = hpc.file(`.making-${name}`);
  mkdirSync(hidden);
  const notes = `printf '%s\\n' "$MQI_TOKEN" >> '${hpc.file('starts')}'`;
  writeFileSync(join(hidden, 'run.sh'), `${notes}\n${body}\nmkdir -p output && cp inputs/data output/data\n`);
  writeFileSync(join(hidden, 'data'), randomBytes(INPUT_BYTES));
  renameSync(hidden, join(hpc.watch, name));
}

/** Waits for every case; an operator retries what failed, once. */
async function completeAll(hpc: Hpc): Promise<void> {
  for (const moment of MOMENTS) {
    const { id, state } = await hpc.final(moment);
    if (state === 'completed') continue;
    await hpc.order({ kind: 'retry', caseId: id, limitMs: null });
    await hpc.until(`the retry of ${moment} is over`, () => {
      const row = hpc.caseOf(moment);
      return row.attempt === 2 && (row.state === 'completed' || row.state === 'failed');
    });
  }
}

function startsOf(hpc: Hpc): string[] {
  const file = hpc.file('starts');
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : [];
}

function outcomeOf(hpc: Hpc, moment: Moment, why: string): CaseOutcome {
  const row = hpc.caseOf(moment);
  const attempts = hpc.attempts(moment);
  const starts = startsOf(hpc);
  const input = readFileSync(join(hpc.watch, moment, 'data'));
  const output = join(hpc.results, moment, `attempt-${attempts.at(-1)!.number}`, 'output', 'data');
  return {
    failures: attempts.flatMap((attempt) => (attempt.failure === null ? [] : [attempt.failure.kind])),
    state: row.state,
    runs: attempts.map((attempt) => starts.filter((token) => token === attempt.token).length),
    events: hpc.reader((from) => readJournal(from.db, row.id)).map((entry) => entry.event),
    spells: hpc.reader((from) => caseDetail(from.db, row.id))!.spells.filter(({ endedAt }) => endedAt !== null).length,
    isIntact: existsSync(output) && input.equals(readFileSync(output)),
    why,
  };
}

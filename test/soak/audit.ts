import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import type { FailureKind } from '../../src/domain/failure.ts';
import { attempts, cases } from '../../src/store/schema.ts';
import type { AttemptRow } from '../../src/store/attempts.ts';
import type { CaseRow } from '../../src/store/cases.ts';
import type { Hpc } from '../hpc/lab.ts';
import { jobProcesses } from '../lab/jobs.ts';
import type { Site } from '../lab/site.ts';
import { contradiction, readReceipts } from './receipts.ts';
import type { Harm } from './receipts.ts';
import type { Supply } from './supply.ts';

/** What is left when everything is over, counted on the host and compared with the store. */
export interface Audit {
  readonly cases: number;
  readonly completed: number;
  readonly attempts: number;
  /** Jobs that were started, by token. */
  readonly jobs: number;
  /** Of them, those that were started more than once. */
  readonly twice: number;
  readonly failures: Readonly<Partial<Record<FailureKind, number>>>;
  /** One sentence for each promise that was broken; none: all is well. */
  readonly broken: readonly string[];
}

const PATIENCE_MS = 30_000;

export async function audit(site: Site | Hpc, supply: Supply, harm: Harm): Promise<Audit> {
  const broken: string[] = [];
  const law = (isKept: boolean, otherwise: string): void => void (isKept || broken.push(otherwise));
  // proofs of attempts that were given up come with the next sweep, the ends of queued leftovers with it
  await atRest(site);

  const { rows, tried } = site.reader((from) => ({
    rows: from.db.select().from(cases).all(),
    tried: from.db.select().from(attempts).all(),
  }));
  const starts = linesOf(supply.starts);
  const byToken = new Map<string, number>();
  for (const token of starts) byToken.set(token, (byToken.get(token) ?? 0) + 1);

  for (const name of supply.names()) checkCase(site, supply, name, rows, tried, law);
  for (const row of rows) law(supply.sumOf(row.name) !== undefined, `${row.name} is a case that nobody dropped`);

  const failures: Partial<Record<FailureKind, number>> = {};
  const known = new Set(tried.map((attempt) => attempt.token));
  for (const { token, failure, proof, orphan } of tried) {
    if (failure !== null) failures[failure.kind] = (failures[failure.kind] ?? 0) + 1;
    const receipts = readReceipts(join(site.root, 'attempts', token), byToken.get(token) ?? 0);
    const why = contradiction({ failure, proof }, receipts, harm);
    law(why === null, `${token}: ${why} (${failure?.message ?? 'completed'})`);
    law(proof !== null, `${token} is over without a proof`);
    law(orphan === null, `${token} is an orphan: ${orphan}`);
  }
  const twice = [...byToken].filter(([, count]) => count > 1);
  for (const [token, count] of twice) law(false, `the job of ${token} was started ${count} times`);
  for (const token of byToken.keys()) law(known.has(token), `a job ran of ${token}, which the store does not know`);
  for (const line of linesOf(supply.overlaps)) law(false, `two jobs were on one slot at a time: ${line}`);

  for (const slot of site.slots()) law(slot.state === 'free', `slot ${slot.name} is ${slot.state}: ${slot.reason}`);
  law(jobProcesses(site.root).length === 0, `processes of jobs are left: ${jobProcesses(site.root).join(', ')}`);
  for (const folder of ['attempts', 'staging']) {
    for (const token of readdirSync(join(site.root, folder))) {
      law(known.has(token), `${folder}/${token} lies on the host, and the store does not know it`);
    }
  }
  if ('tasks' in site) await checkQueue(site, known, law);

  return {
    cases: supply.names().length,
    completed: rows.filter((row) => row.state === 'completed').length,
    attempts: tried.length,
    jobs: byToken.size,
    twice: twice.length,
    failures,
    broken,
  };
}

type Law = (isKept: boolean, otherwise: string) => void;

function checkCase(
  site: Site,
  supply: Supply,
  name: string,
  rows: readonly CaseRow[],
  tried: readonly AttemptRow[],
  law: Law,
): void {
  law(sumOf(join(site.watch, name, 'data')) === supply.sumOf(name), `the folder of ${name} was changed`);
  const found = rows.filter((row) => row.name === name);
  const [row] = found;
  if (row === undefined || found.length > 1) return law(false, `${name} is ${found.length} cases`);
  if (row.state !== 'completed') {
    return law(
      false,
      `${name} is ${row.phase}: ${row.failure?.message ?? row.blocked ?? row.blindCause ?? 'no reason'}`,
    );
  }
  const results = join(site.results, name, `attempt-${row.attempt}`, 'output', 'data');
  law(sumOf(results) === supply.sumOf(name), `the results of ${name} are not what its job wrote`);
  for (const { token, failure, number } of tried.filter((attempt) => attempt.caseId === row.id)) {
    law(
      failure !== null || number === row.attempt,
      `${token} completed, and ${name} went on to attempt ${row.attempt}`,
    );
  }
}

async function checkQueue(hpc: Hpc, known: ReadonlySet<string>, law: Law): Promise<void> {
  const tasks = await hpc.tasks();
  const labels = tasks.map((task) => task.label ?? 'no label');
  for (const label of labels) law(known.has(label), `the queue has ${label}, which the store does not know`);
  for (const label of new Set(labels.filter((one, at) => labels.indexOf(one) !== at))) {
    law(false, `the queue has several jobs of ${label}`);
  }
  for (const { label, status } of tasks) law(status === 'Done', `the queue has ${label} ${status}`);
}

/** Until what is to come has come; when it does not, the audit says what is missing. */
async function atRest(site: Site | Hpc): Promise<void> {
  const isSettled = async (): Promise<boolean> => {
    const unproven = site.reader((from) =>
      from.db
        .select()
        .from(attempts)
        .all()
        .some((attempt) => attempt.proof === null || attempt.orphan !== null),
    );
    if (unproven || site.slots().some((slot) => slot.state !== 'free') || jobProcesses(site.root).length > 0)
      return false;
    return !('tasks' in site) || (await site.tasks()).every((task) => task.status === 'Done');
  };
  const begun = performance.now();
  while (!(await isSettled()) && performance.now() - begun < PATIENCE_MS) await wait(500);
}

function linesOf(file: string): string[] {
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : [];
}

function sumOf(file: string): string | null {
  return existsSync(file) ? createHash('sha256').update(readFileSync(file)).digest('hex') : null;
}

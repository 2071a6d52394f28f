import { copyFileSync, existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import Sqlite from 'better-sqlite3';
import { expect } from 'vitest';

import type { FailureKind } from '../../src/domain/failure.ts';
import type { Phase } from '../../src/domain/case.ts';
import type { Order } from '../../src/domain/order.ts';
import { recordOrder } from '../../src/store/orders.ts';
import type { Site } from '../lab/site.ts';
import { NO_CREATE, NO_TRUST } from './tricks.ts';

/**
 * What happens to one case, `case`, over many lives of the daemon: a text is a life that ends by SIGKILL at these named
 * points; a function is what happens meanwhile, and begins and ends without a daemon, but for the last one.
 */
export interface Story {
  readonly name: string;
  readonly steps: readonly (string | ((site: Site) => Promise<void> | void))[];
  /** How often its job is started, over all attempts. */
  readonly runs: number;
}

const file = (site: Site, name: string): string => join(site.folder, name);
const make = (name: string) => (site: Site) => writeFileSync(file(site, name), '');
const remove = (name: string) => (site: Site) => rmSync(file(site, name));

const RUNS = 'mkdir -p output && cp inputs/data output/data';
const dropped = (site: Site): void => void site.drop('case', site.counting('case', RUNS), { data: 'dose' });
const droppedWaiting = (site: Site): void =>
  void site.drop('case', site.counting('case', `until [ -e '${file(site, 'go')}' ]; do sleep 0.05; done; ${RUNS}`), {
    data: 'dose',
  });

/** A daemon lives until that is so. */
const untilIt = (what: string, isSo: (site: Site) => boolean) => async (site: Site) => {
  const daemon = site.start();
  await site.until(what, () => isSo(site));
  daemon.kill('SIGKILL');
  await daemon.exited;
};
const untilIn = (phase: Phase) => untilIt(`it is ${phase}`, (site) => site.find('case')?.phase === phase);

const ordered = (kind: 'retry' | 'cancel' | 'pause' | 'resume' | 'abandon' | 'limit' | 'adopt') => (site: Site) => {
  const { id: caseId } = site.caseOf('case');
  const order: Order =
    kind === 'retry'
      ? { kind, caseId, limitMs: null }
      : kind === 'limit'
        ? { kind, caseId, limitMs: 3_600_000 }
        : kind === 'adopt'
          ? { kind, caseId, token: null }
          : { kind, caseId };
  site.store((store) => recordOrder(store, order, 'tester', 'a test', Date.now()));
};

/** The last daemon; an operator retries what failed as that, until the case is completed. */
const completes =
  (...failures: readonly FailureKind[]) =>
  async (site: Site) => {
    site.start();
    for (;;) {
      const { id, state, failure } = await site.final('case');
      if (state === 'completed') return;
      expect(failures).toContain(failure?.kind);
      // a folder that was just written to is not taken yet: then it is ordered again
      await site.order({ kind: 'retry', caseId: id, limitMs: null });
    }
  };
const fails = (kind: FailureKind) => async (site: Site) => {
  site.start();
  expect((await site.final('case')).failure?.kind).toBe(kind);
};

/** Each of them costs the attempt, and an operator retries it. */
const SUBMITTING = [
  'commit.after.slot.leased',
  'create.before',
  'create.after',
  'commit.before.job.created',
  'create.answer=lost;commit.before.job.unconfirmed',
  'create.answer=lost;commit.after.job.unconfirmed',
  'create.answer=lost;find.before',
  'create.answer=lost;find.after',
];

const backUp = (site: Site): void => {
  const sqlite = new Sqlite(site.database);
  sqlite.prepare('vacuum into ?').run(file(site, 'backup.db'));
  sqlite.close();
};
const restore = (site: Site): void => {
  for (const tail of ['', '-wal', '-shm']) rmSync(`${site.database}${tail}`, { force: true });
  copyFileSync(file(site, 'backup.db'), site.database);
};

const rootAway = (site: Site): void => renameSync(site.root, `${site.root}.away`);
const rootBack = (site: Site): void => renameSync(`${site.root}.away`, site.root);

const manifestAway = (site: Site): void =>
  rmSync(join(site.root, 'attempts', site.attempts('case').at(-1)!.token, 'manifest'));

export const STORIES: readonly Story[] = [
  {
    name: 'from its admission to its slot, with a pause',
    runs: 1,
    steps: [
      dropped,
      'commit.after.case.admitted',
      'commit.before.host.assigned',
      ordered('pause'),
      'commit.before.operator.paused',
      'commit.after.operator.paused',
      ordered('resume'),
      'commit.before.operator.resumed',
      'commit.after.operator.resumed',
      'commit.after.host.assigned',
      'upload.before',
      'upload.after',
      'commit.before.upload.verified',
      'commit.after.upload.verified',
      'commit.before.slot.leased',
      completes(),
    ],
  },
  {
    name: 'while it is submitted, again and again',
    runs: 1,
    steps: [
      dropped,
      // the next daemon fails the attempt, then hears of the order, and begins the next one
      ...SUBMITTING.flatMap((at) => [at, ordered('retry')]),
      'commit.before.daemon.restarted',
      'commit.after.daemon.restarted',
      'commit.after.operator.retried',
      completes(),
    ],
  },
  {
    name: 'while nobody knows whether its job was created, and it was not',
    runs: 1,
    steps: [
      dropped,
      make(NO_CREATE),
      'commit.before.job.absent',
      'commit.after.daemon.restarted',
      ordered('retry'),
      'commit.after.job.absent',
      remove(NO_CREATE),
      completes('submission_failed'),
    ],
  },
  {
    name: 'while the host refuses it',
    runs: 1,
    steps: [
      dropped,
      'commit.after.upload.verified',
      manifestAway,
      'commit.before.job.refused',
      'commit.after.daemon.restarted',
      ordered('retry'),
      'commit.after.upload.verified',
      manifestAway,
      'commit.after.job.refused',
      completes('submission_refused'),
    ],
  },
  {
    name: 'from its job to its results',
    runs: 1,
    steps: [
      droppedWaiting,
      'commit.after.job.created',
      'release.before',
      'commit.after.job.released',
      'commit.before.job.observed',
      'commit.after.job.observed',
      make('go'),
      'collect.before',
      'collect.after',
      'commit.before.results.collected',
      'commit.after.results.collected',
      completes(),
    ],
  },
  {
    name: 'while its job is let go',
    runs: 1,
    steps: [dropped, 'release.after', 'commit.before.job.released', completes()],
  },
  {
    name: 'while the answer to its release is lost',
    runs: 1,
    steps: [dropped, 'release.answer=lost;commit.before.job.observed', completes()],
  },
  {
    name: 'while its results find no place',
    runs: 1,
    steps: [
      (site) => writeFileSync(site.results, 'a file'),
      dropped,
      'commit.before.work.blocked',
      'commit.after.work.blocked',
      (site) => rmSync(site.results),
      completes(),
    ],
  },
  {
    name: 'while it arrives wrong',
    runs: 1,
    steps: [
      dropped,
      make(NO_TRUST),
      'commit.before.upload.failed',
      'commit.after.upload.failed',
      remove(NO_TRUST),
      completes(),
    ],
  },
  {
    name: 'while its folder changes',
    runs: 1,
    steps: [
      dropped,
      'commit.after.host.assigned',
      (site) => writeFileSync(join(site.watch, 'case', 'data'), 'DOSE'),
      'commit.before.inputs.changed',
      'commit.after.inputs.changed',
      completes('inputs_changed'),
    ],
  },
  {
    name: 'while its host becomes unreachable and comes back',
    runs: 1,
    steps: [
      droppedWaiting,
      untilIn('executing'),
      rootAway,
      'commit.before.host.unreachable',
      'commit.after.host.unreachable',
      rootBack,
      'commit.before.host.reachable',
      'commit.after.host.reachable',
      make('go'),
      completes(),
    ],
  },
  {
    name: 'while it is given another limit, cancelled and stopped',
    runs: 1,
    steps: [
      droppedWaiting,
      untilIn('executing'),
      ordered('limit'),
      'commit.before.operator.limited',
      'commit.after.operator.limited',
      ordered('cancel'),
      'commit.before.operator.cancelled',
      'commit.after.operator.cancelled',
      'stop.before',
      'stop.after',
      'commit.before.job.gone',
      'commit.after.job.gone',
      fails('cancelled'),
    ],
  },
  {
    name: 'while it is abandoned',
    runs: 1,
    steps: [
      droppedWaiting,
      untilIn('executing'),
      ordered('abandon'),
      'commit.before.operator.abandoned',
      'commit.after.operator.abandoned',
      // the job goes on without a case: its slot is nobody's until it has ended
      untilIt('its slot is quarantined', (site) => site.slots()[0]?.state === 'quarantined'),
      make('go'),
      fails('abandoned'),
    ],
  },
  {
    name: 'while its job, forgotten with the database, is adopted',
    runs: 1,
    steps: [
      untilIt('the host is known', (site) => existsSync(join(site.root, 'owner'))),
      backUp,
      droppedWaiting,
      untilIn('executing'),
      restore,
      untilIt(
        'the orphan is found',
        (site) => site.find('case') !== null && site.attempts('case').some((attempt) => attempt.orphan !== null),
      ),
      ordered('adopt'),
      'commit.before.job.adopted',
      'commit.after.job.adopted',
      make('go'),
      completes(),
    ],
  },
  {
    name: 'while its submission turns out to be forgotten with the database',
    runs: 1,
    steps: [
      dropped,
      'commit.after.host.assigned',
      backUp,
      untilIt('it is completed', (site) => site.caseOf('case').state === 'completed'),
      restore,
      (site) => rmSync(join(site.results, 'case'), { recursive: true }),
      'commit.after.attempt.forgotten',
      untilIt('it is held back', (site) =>
        site.attempts('case').some((attempt) => attempt.orphan !== null && attempt.proof !== null),
      ),
      ordered('adopt'),
      completes(),
    ],
  },
];

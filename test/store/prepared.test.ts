import { eq } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';

import { insertAttempt, readAttempt, updateAttempt } from '../../src/store/attempts.ts';
import type { AttemptRow } from '../../src/store/attempts.ts';
import { readHost, resetHost, updateHost } from '../../src/store/hosts.ts';
import type { HostRow } from '../../src/store/hosts.ts';
import { openStore } from '../../src/store/open.ts';
import { attempts, hosts } from '../../src/store/schema.ts';

const FULL: AttemptRow = {
  token: 'mqi-a-b-1-c',
  caseId: null,
  number: 1,
  host: "it's",
  slot: 'gpu0',
  jobId: '0',
  jobCreatedAt: 'null',
  limitMs: 3_600_000,
  createdAt: 1,
  endedAt: 2,
  claim: null,
  end: { kind: 'exited', exitCode: 0 },
  failure: { kind: 'job_failed', exitCode: 3, message: '"null"', hint: '?1 :x' },
  proof: 'gone',
  proofAt: 3,
  orphan: '',
  movedBytes: 0,
  totalBytes: 2 ** 53 - 1,
  keptFromMs: 9,
  removedAt: 0.5,
};

describe('a new row that is built once', () => {
  it.each([
    ['all of it', FULL],
    ['what it must have', { token: 'mqi-a-b-2-c', number: 2, host: 'null', limitMs: 1, createdAt: 0 }],
    [
      'with nothing in it',
      { ...FULL, slot: null, end: null, failure: null, proof: null, orphan: null, removedAt: null },
    ],
  ])('is what the whole query would write: %s', (_, row) => {
    const [ours, plain] = [openStore(':memory:'), openStore(':memory:')];
    // twice: built, and built before
    for (const token of [row.token, `${row.token}-again`]) {
      ours.write((tx) => insertAttempt(tx, { ...row, token }));
      plain.write((tx) =>
        tx
          .insert(attempts)
          .values({ ...row, token })
          .run(),
      );
      expect(readAttempt(ours.db, token)).toEqual(readAttempt(plain.db, token));
    }
  });

  it('refuses what is there already, as the whole query does', () => {
    const store = openStore(':memory:');
    store.write((tx) => insertAttempt(tx, FULL));
    expect(() => store.write((tx) => insertAttempt(tx, FULL))).toThrow(/UNIQUE/);
  });
});

describe('a change of some columns that is built once', () => {
  const changes: readonly Partial<AttemptRow>[] = [
    { slot: null },
    { end: null, failure: null, proof: null, orphan: null, removedAt: null },
    { end: FULL.end, failure: FULL.failure },
    { failure: FULL.failure, end: null },
    { slot: 'null', jobId: '' },
    { jobId: 'then', slot: null },
    { movedBytes: 7, totalBytes: null },
    FULL,
  ];

  it('writes to an attempt what the whole query would', () => {
    const [ours, plain] = [openStore(':memory:'), openStore(':memory:')];
    for (const store of [ours, plain]) {
      store.write((tx) => {
        insertAttempt(tx, FULL);
        insertAttempt(tx, { ...FULL, token: 'another' });
      });
    }
    // twice: built, and built before
    for (const change of [...changes, ...changes]) {
      ours.write((tx) => updateAttempt(tx, FULL.token, change));
      plain.write((tx) => tx.update(attempts).set(change).where(eq(attempts.token, FULL.token)).run());
      expect(readAttempt(ours.db, FULL.token)).toEqual(readAttempt(plain.db, FULL.token));
    }
    expect(readAttempt(ours.db, 'another')).toEqual({ ...FULL, token: 'another' });
  });

  it('writes to a host what the whole query would, and leaves it when the transaction fails', () => {
    const [ours, plain] = [openStore(':memory:'), openStore(':memory:')];
    for (const store of [ours, plain]) store.write((tx) => resetHost(tx, 'null', 5));
    const hostChanges: readonly Partial<HostRow>[] = [
      { state: 'online', node: { name: 'n', bootId: 'b', pidNamespace: '', uid: 0 }, notices: ["it's", 'null'] },
      { state: 'offline', cause: 'link', reason: 'null', retryAt: 9, node: null, notices: [] },
      { reason: null, retryAt: null, cause: null },
    ];
    for (const change of hostChanges) {
      const broken = () =>
        ours.write((tx) => {
          updateHost(tx, 'null', { since: 6 });
          throw new Error('after it');
        });
      expect(broken).toThrow('after it');
      ours.write((tx) => updateHost(tx, 'null', change));
      plain.write((tx) => tx.update(hosts).set(change).where(eq(hosts.name, 'null')).run());
      expect(readHost(ours.db, 'null')).toEqual(readHost(plain.db, 'null'));
    }
    expect(readHost(ours.db, 'null')?.since).toBe(5);
  });
});

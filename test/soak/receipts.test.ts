import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, onTestFinished, test } from 'vitest';

import type { Proof } from '../../src/domain/attempt.ts';
import type { Failure, FailureKind } from '../../src/domain/failure.ts';
import { FAILURE_KINDS } from '../../src/domain/failure.ts';
import { contradiction, readReceipts } from './receipts.ts';

const NOW = '0d1d9d6e-0000-4000-8000-000000000001';
const BEFORE = '0d1d9d6e-0000-4000-8000-000000000000';
const UNHARMED = { bootId: NOW, losesTasks: false };
const HARMED = { bootId: NOW, losesTasks: true };

const job = (bootId: string): string => `job gpu1 ${bootId} 4026531836 1000 4711 4711 123456 gpu1/gpu0\n`;
const REVOKED = 'revoked mqi the%20attempt%20is%20over\n';
const EXITED = 'exited 0 1796000000 1796000009\n';

const failedAs = (kind: FailureKind | null): Failure | null =>
  kind === null ? null : ({ kind, message: kind, hint: '' } as Failure);

/** What the audit says of an attempt with these two files. */
function said(
  files: { readonly claim?: string; readonly end?: string },
  kind: FailureKind | null,
  { proof, starts = 0, harm = UNHARMED }: { proof: Proof | null; starts?: number; harm?: typeof HARMED },
): string | null {
  const directory = mkdtempSync(join(tmpdir(), 'mqi-receipts-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
  return contradiction({ failure: failedAs(kind), proof }, readReceipts(directory, starts), harm);
}

/** The kinds that the audit accepts. */
const accepted = (...args: [Parameters<typeof said>[0], Parameters<typeof said>[2]]): (FailureKind | null)[] =>
  [null, ...FAILURE_KINDS].filter((kind) => said(args[0], kind, args[1]) === null);

describe('what the audit of a soak accepts follows from the receipts', () => {
  test('an attempt that was revoked unclaimed never started, where its host lost tasks, and there alone', () => {
    expect(accepted({ claim: REVOKED }, { proof: 'revoked', harm: HARMED })).toEqual([
      'interrupted',
      'submission_failed',
      'job_not_started',
    ]);
    expect(accepted({ claim: REVOKED }, { proof: 'revoked' })).toEqual(['interrupted', 'submission_failed']);
  });

  test('one that was claimed did start: it ended as its job wrote', () => {
    const claimed = { claim: job(BEFORE), end: EXITED };
    expect(accepted(claimed, { proof: 'gone', starts: 1, harm: HARMED })).toEqual([null]);
  });

  test('one that left no end is lost only with the boot that it claimed in', () => {
    const lost = (bootId: string) => ({ claim: job(bootId), end: 'lost\n' });
    expect(accepted(lost(BEFORE), { proof: 'gone', harm: HARMED })).toEqual(['job_killed', 'job_lost']);
    expect(accepted(lost(NOW), { proof: 'gone', harm: HARMED })).toEqual([]);
  });

  test('what nobody claimed and nobody revoked can still start, so no verdict is right', () => {
    expect(accepted({}, { proof: 'revoked', harm: HARMED })).toEqual([]);
    expect(accepted({ claim: job(NOW) }, { proof: 'gone', harm: HARMED })).toEqual([]);
  });

  test('a job that ran without a claim, twice, or to another end than 0 is never accepted', () => {
    expect(accepted({ claim: REVOKED }, { proof: 'revoked', starts: 1, harm: HARMED })).toEqual([]);
    expect(accepted({ claim: job(NOW), end: EXITED }, { proof: 'gone', starts: 2 })).toEqual([]);
    expect(accepted({ claim: job(NOW), end: 'exited 1 1 2\n' }, { proof: 'gone', starts: 1 })).toEqual([]);
  });

  test('a proof that says something else than the claim is never accepted', () => {
    expect(accepted({ claim: REVOKED }, { proof: 'gone', harm: HARMED })).toEqual([]);
    expect(accepted({ claim: job(NOW), end: EXITED }, { proof: 'revoked', starts: 1 })).toEqual([]);
  });

  test('a receipt that is cut, or a folder, is no absent one', () => {
    expect(said({ claim: 'revoked mqi' }, 'interrupted', { proof: 'revoked' })).toMatch(/nobody can read/);
    const directory = mkdtempSync(join(tmpdir(), 'mqi-receipts-'));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    mkdirSync(join(directory, 'end'));
    expect(readReceipts(directory, 0).end).toEqual({ kind: 'garbled', text: '' });
  });
});

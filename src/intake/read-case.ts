import { createHash } from 'node:crypto';

import { manifestText } from '../domain/manifest.ts';
import type { ManifestEntry } from '../domain/manifest.ts';
import { DISK_WIDTH, eachBounded } from './bounded.ts';
import { PIECE_BYTES, hashFile } from './hash-file.ts';
import type { Hashed } from './hash-file.ts';
import { quoted } from './names.ts';
import { signFolder, signatureText } from './signature.ts';
import type { SignOptions } from './signature.ts';
import { surveyFolder } from './survey.ts';
import type { SurveyedFile } from './survey.ts';

export interface CaseContent {
  /** SHA-256 of the manifest's text, hex. */
  readonly fingerprint: string;
  readonly files: number;
  readonly sizeBytes: number;
}

/**
 * `read` and `rejected` hold for a folder that had the expected signature before and after. `moving`: it had another;
 * nothing was learnt. `blind`: the disk said no.
 */
export type CaseReading =
  | { readonly kind: 'read'; readonly content: CaseContent }
  | { readonly kind: 'rejected'; readonly reason: string }
  | { readonly kind: 'moving' }
  | { readonly kind: 'blind'; readonly code: string }
  | { readonly kind: 'stopped' };

/** Bytes of the content that were read, of so many. */
export type OnRead = (moved: number, total: number) => void;

/** Reads a whole case folder, which nobody may write to meanwhile. `signature` is its signature's text when it was settled. */
export async function readCaseFolder(
  folder: string,
  signature: string,
  options: SignOptions,
  onRead: OnRead = () => {},
): Promise<CaseReading> {
  const before = await unchanged(folder, signature, options);
  if (before.kind !== 'unchanged') return before;
  const reading = await readContent(folder, options, onRead);
  if (reading.kind !== 'read' && reading.kind !== 'rejected') return reading;
  const after = await unchanged(folder, signature, options);
  return after.kind === 'unchanged' ? reading : after;
}

type Comparison = { readonly kind: 'unchanged' } | Extract<CaseReading, { kind: 'moving' | 'blind' | 'stopped' }>;

async function unchanged(folder: string, signature: string, options: SignOptions): Promise<Comparison> {
  const sight = await signFolder(folder, options);
  if (sight.kind === 'blind' || sight.kind === 'stopped') return sight;
  const same = sight.kind === 'seen' && sight.temporary === null && signatureText(sight.signature) === signature;
  return { kind: same ? 'unchanged' : 'moving' };
}

async function readContent(folder: string, options: SignOptions, onRead: OnRead): Promise<CaseReading> {
  const survey = await surveyFolder(folder, options.signal);
  if (survey.kind !== 'surveyed') return survey;
  const sizeBytes = survey.files.reduce((sum, file) => sum + file.sizeBytes, 0);
  let moved = 0;
  const hashes = await hashAll(survey.files, options, (bytes) => onRead((moved += bytes), sizeBytes));
  if (hashes.kind !== 'hashed') return hashes;
  const text = manifestText({ entries: hashes.entries, emptyDirectories: survey.emptyDirectories });
  return {
    kind: 'read',
    content: {
      fingerprint: createHash('sha256').update(text).digest('hex'),
      files: survey.files.length,
      sizeBytes,
    },
  };
}

type AllHashed =
  | { readonly kind: 'hashed'; readonly entries: readonly ManifestEntry[] }
  | Exclude<CaseReading, { kind: 'read' }>;

async function hashAll(
  files: readonly SurveyedFile[],
  { signal, width = DISK_WIDTH }: SignOptions,
  onBytes: (bytes: number) => void,
): Promise<AllHashed> {
  const entries: ManifestEntry[] = [];
  const buffers = Array.from({ length: width }, () => Buffer.allocUnsafe(PIECE_BYTES));
  const failed: { readonly file: SurveyedFile; readonly hashed: Exclude<Hashed, { kind: 'hashed' }> }[] = [];
  await eachBounded(files, width, async (file) => {
    // the first that fails decides; the others are not read for nothing
    if (failed.length > 0) return;
    const buffer = buffers.pop()!;
    const hashed = await hashFile(file, buffer, signal, onBytes);
    buffers.push(buffer);
    if (hashed.kind !== 'hashed') failed.push({ file, hashed });
    else {
      entries.push({
        path: file.path,
        sizeBytes: file.sizeBytes,
        sha256: hashed.sha256,
        executable: file.executable,
      });
    }
  });
  const first = failed[0];
  if (first === undefined) return { kind: 'hashed', entries };
  if (first.hashed.kind !== 'refused') return first.hashed;
  const reason = `${quoted(first.file.path)}: it cannot be read (${first.hashed.code}): make it readable for this user`;
  return { kind: 'rejected', reason };
}

import { readdirSync } from 'node:fs';
import { join } from 'node:path';

import { expect } from 'vitest';

import type { SendOutcome, Spawn } from '../../src/transport/transport.ts';
import { transportOf } from './frail-spawn.ts';
import { manifestOf, readTree, sendRequest, sha256 } from './scratch.ts';

export const TOKEN = 'mqi-test-case-1-abc';
export const attemptOf = (root: string): string => join(root, 'attempts', TOKEN);

export function send(spawn: Spawn, folder: string, root: string): Promise<SendOutcome> {
  return transportOf(spawn).send(sendRequest(folder, root));
}

/** The host holds exactly the case, and nothing else of this token. */
export function expectArrived(folder: string, root: string): void {
  expect(readTree(join(attemptOf(root), 'inputs'))).toEqual(readTree(folder));
  expect(readTree(attemptOf(root))['manifest']).toBe(sha256(manifestOf(folder)));
  expect(readdirSync(attemptOf(root)).sort()).toEqual(['inputs', 'manifest']);
  expect(readdirSync(join(root, 'attempts'))).toEqual([TOKEN]);
}

/** A case of about 100 KiB, in files on which a cut falls in every way. */
export const TREE = {
  'a first': Buffer.alloc(1_000, 'a'),
  'b/$(second)': Buffer.alloc(70_000, 'b'),
  'b/new\nline': Buffer.alloc(3, 'c'),
  'c/back\\slash': Buffer.alloc(512, 'd'),
  [`d/${'long'.repeat(50)}`]: Buffer.alloc(20_000, 'e'),
  'e empty/': '',
  'f zero': '',
  'g last': Buffer.alloc(9_000, 'g'),
};

import { readFileSync, statSync } from 'node:fs';

/** The first line of a file that only its owner can read. Read each time: a secret is changed without a restart. */
export function readSecret(path: string): string {
  // 0o077: what its group and others may do
  if ((statSync(path).mode & 0o077) !== 0) throw new Error(`others can read ${path}: chmod 600 ${path}`);
  const secret = readFileSync(path, 'utf8').split('\n')[0]!.trim();
  if (secret === '') throw new Error(`${path} holds no secret in its first line`);
  return secret;
}

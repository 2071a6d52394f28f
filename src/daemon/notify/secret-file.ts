import { readPrivateFile } from '../private-file.ts';

/** The first line of a file that only its owner can read. Read each time: a secret is changed without a restart. */
export function readSecret(path: string): string {
  const secret = readPrivateFile(path).split('\n')[0]!.trim();
  if (secret === '') throw new Error(`${path} holds no secret in its first line`);
  return secret;
}

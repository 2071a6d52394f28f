import type { Clock } from '../../domain/clock.ts';
import type { Token, Tokens } from '../../views/web/people.ts';
import { readPrivateFile } from '../private-file.ts';

/** How soon a changed file counts. */
const READ_EVERY_MS = 1_000;

/** Shorter ones can be guessed. */
const SHORTEST_TOKEN = 20;

const NAME = /^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$/;

/** What a file of tokens says: a line each, `NAME TOKEN`; empty lines and `#` are for people. */
export function readTokenFile(path: string): Tokens {
  try {
    return parseTokens(readPrivateFile(path), path);
  } catch (error) {
    return { kind: 'unusable', reason: error instanceof Error ? error.message : String(error) };
  }
}

function parseTokens(text: string, path: string): Tokens {
  const tokens: Token[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const [name = '', secret = '', ...rest] = line.trim().split(/\s+/);
    const where = `${path}:${index + 1}`;
    if (rest.length > 0 || secret === '' || !NAME.test(name)) {
      return { kind: 'unusable', reason: `${where} is not of the form NAME TOKEN` };
    }
    if (secret.length < SHORTEST_TOKEN) {
      return { kind: 'unusable', reason: `the token in ${where} is shorter than ${SHORTEST_TOKEN} characters` };
    }
    if (tokens.some((token) => token.name === name)) {
      return { kind: 'unusable', reason: `${where} gives ${name} a second token` };
    }
    tokens.push({ name, secret });
  }
  return tokens.length === 0 ? { kind: 'unusable', reason: `${path} holds no token` } : { kind: 'usable', tokens };
}

/** As it is now, read once a second at most: a token is given and taken without a restart. */
export function followTokenFile(path: string | null, clock: Clock): () => Tokens {
  if (path === null) return () => ({ kind: 'none' });
  let found: Tokens = readTokenFile(path);
  let readAt = clock.monotonic();
  return () => {
    if (clock.monotonic() - readAt >= READ_EVERY_MS) {
      found = readTokenFile(path);
      readAt = clock.monotonic();
    }
    return found;
  };
}

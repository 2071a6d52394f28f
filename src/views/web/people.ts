import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/** Somebody who may give orders; the name is recorded with each. */
export interface Person {
  readonly name: string;
}

export interface Token {
  readonly name: string;
  readonly secret: string;
}

/** `none`: no file is configured. `unusable`: it is, and nobody is let in. */
export type Tokens =
  | { readonly kind: 'none' }
  | { readonly kind: 'unusable'; readonly reason: string }
  | { readonly kind: 'usable'; readonly tokens: readonly Token[] };

export interface People {
  /** Why nobody can give orders; null when somebody can. */
  trouble(): string | null;
  /** Who holds this token; null for a wrong one. Takes as long for the one as for the other. */
  holderOf(secret: string): Person | null;
  /** What the browser of a person keeps: nothing that the token could be learnt from. */
  sessionOf(person: Person, nowMs: number): string;
  /** Null for a session that is over, was made with another token, or was made up. */
  personOf(session: string, nowMs: number): Person | null;
}

/** A working day and a bit. */
export const SESSION_MS = 12 * 3_600_000;

/** `read` is asked each time: a token that is taken back is worth nothing from then on. */
export function createPeople(read: () => Tokens): People {
  const usable = (): readonly Token[] => {
    const found = read();
    return found.kind === 'usable' ? found.tokens : [];
  };
  return {
    trouble() {
      const found = read();
      switch (found.kind) {
        case 'none':
          return 'the page is read-only: no token is set (web.token_file)';
        case 'unusable':
          return `the page is read-only: ${found.reason}`;
        case 'usable':
          return null;
      }
    },
    holderOf(secret) {
      const given = digest(secret);
      // all of them, found or not: the time tells nothing
      const holders = usable().filter((token) => timingSafeEqual(digest(token.secret), given));
      return holders[0] === undefined ? null : { name: holders[0].name };
    },
    sessionOf({ name }, nowMs) {
      const token = usable().find((candidate) => candidate.name === name);
      if (token === undefined) throw new Error(`nobody is called ${name}`);
      const expires = nowMs + SESSION_MS;
      return `${name}~${expires}~${seal(token, expires)}`;
    },
    personOf(session, nowMs) {
      const [name = '', expiry = '', mac = ''] = session.split('~');
      const expires = Number(expiry);
      const token = usable().find((candidate) => candidate.name === name);
      if (token === undefined || !Number.isSafeInteger(expires) || expires <= nowMs) return null;
      return timingSafeEqual(digest(seal(token, expires)), digest(mac)) ? { name } : null;
    },
  };
}

function seal(token: Token, expires: number): string {
  const key = createHmac('sha256', token.secret).update('mqi web session').digest();
  return createHmac('sha256', key).update(`${token.name}~${expires}`).digest('base64url');
}

/** Of equal length, whatever it is of. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

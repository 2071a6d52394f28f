/** An attempt: one run of a case through the machine. Its token names it everywhere. */

/** `mqi-INSTANCE-CASE-N-RANDOM`; the parts hold no dash, so that a token can be read back. */
export interface TokenParts {
  readonly instance: string;
  readonly caseId: string;
  readonly attempt: number;
  readonly random: string;
}

const TOKEN = /^mqi-([a-z0-9]+)-([a-z0-9]+)-([1-9][0-9]*)-([a-z0-9]+)$/;

export function formatToken(parts: TokenParts): string {
  return `mqi-${parts.instance}-${parts.caseId}-${parts.attempt}-${parts.random}`;
}

/** Null for anything that is not a token of this form. */
export function parseToken(text: string): TokenParts | null {
  const match = TOKEN.exec(text);
  if (match === null) return null;
  const [, instance, caseId, attempt, random] = match as unknown as [string, string, string, string, string];
  return { instance, caseId, attempt: Number(attempt), random };
}

/** What every token of an installation begins with; commands touch nothing that lacks it. */
export function tokenPrefix(instance: string): string {
  return `mqi-${instance}-`;
}

/** The recorded proof that no job of an attempt can run any more: its claim is ours, or its job was seen to be gone. */
export type Proof =
  | 'revoked'
  | 'gone'
  /** It ended before a job was ever asked for. */
  | 'never_created'
  /** An operator says so. */
  | 'operator';

/** Our own word, or an operator's: a look at the host is better. */
export const MERE_WORDS = ['never_created', 'operator'] as const satisfies readonly Proof[];

export function isMereWord(proof: Proof): boolean {
  return (MERE_WORDS as readonly Proof[]).includes(proof);
}

/**
 * A promise of DESIGN.md section 1 that did not hold; 8: what is odd of one attempt, or of one deed, makes no host
 * unreachable (section 11).
 */
export interface Violation {
  readonly promise: 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;
  readonly text: string;
  readonly atMs: number;
}

export type Accuse = (promise: Violation['promise'], text: string) => void;

/** A promise of DESIGN.md section 1 that did not hold. */
export interface Violation {
  readonly promise: 1 | 2 | 3 | 4 | 5 | 6 | 7;
  readonly text: string;
  readonly atMs: number;
}

export type Accuse = (promise: Violation['promise'], text: string) => void;

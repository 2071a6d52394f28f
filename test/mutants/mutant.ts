/** A small wrong change, of a kind that a tired developer makes: one of its test files has to turn red. */
export interface Mutant {
  readonly name: string;
  /** From the top of the repository. */
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly find: string;
  readonly replace: string;
  /** The narrowest test files that see it. */
  readonly tests: readonly string[];
}

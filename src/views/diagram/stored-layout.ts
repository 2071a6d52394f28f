/**
 * Where a machine's states and arrows stand. Finding good places takes a second and a library of megabytes, and gives
 * the same each time: so it is done once, by `npm run charts`, and kept in `layouts.ts`.
 */
export interface StoredLayout {
  readonly size: readonly [width: number, height: number];
  /** By path: the box, and where its text begins. */
  readonly boxes: Readonly<Record<string, readonly [...BoxNumbers, textX: number, textY: number]>>;
  /** By `from>to`: the box of the label, and the points of the line, x and y by turns. */
  readonly arrows: Readonly<Record<string, { readonly label: BoxNumbers; readonly line: readonly number[] }>>;
  /** The lines from the dots to the initial states; each begins at its dot. */
  readonly initials: readonly (readonly number[])[];
}

type BoxNumbers = readonly [x: number, y: number, width: number, height: number];

import { formatSize } from '../domain/duration.ts';

/** What `df -Pk` says of a file system of the host. */
export interface HostSpace {
  readonly totalBytes: number;
  /** For this user: what is kept for root is left out. */
  readonly freeBytes: number;
}

/** `NAME TOTAL USED AVAILABLE n% PLACE`, in KiB; names and places may hold spaces. Null where nothing is counted. */
function parseSpace(line: string): HostSpace | null {
  const match = /\s(\d+)\s+\d+\s+(\d+)\s+(?:\d+%|-)\s/.exec(line);
  if (match === null || Number(match[1]) === 0) return null;
  return { totalBytes: Number(match[1]) * 1024, freeBytes: Number(match[2]) * 1024 };
}

/** sh: prints the space of the file system it stands in, for `spaceSaid`. A host that cannot say it says nothing. */
export const SAY_SPACE = `echo "disk $(df -Pk . 2>/dev/null | tail -n 1)"`;

/** Null where it was not said. */
export function spaceSaid(lines: readonly string[]): HostSpace | null {
  return parseSpace(lines.find((line) => line.startsWith('disk ')) ?? '');
}

/** A file takes whole blocks; most file systems have them of this size. */
const BLOCK_BYTES = 4096;

export function bytesOnDisk(files: readonly { readonly sizeBytes: number }[]): number {
  return files.reduce((sum, { sizeBytes }) => sum + Math.ceil(sizeBytes / BLOCK_BYTES) * BLOCK_BYTES, 0);
}

const RESERVE = { leastBytes: 64 * 2 ** 20, part: 1 / 100, mostPart: 1 / 10 } as const;

/** What an upload leaves for the jobs that run there: one whose disk is full fails, and cannot even write its end. */
function reserveBytes(totalBytes: number): number {
  return Math.min(totalBytes * RESERVE.mostPart, Math.max(RESERVE.leastBytes, totalBytes * RESERVE.part));
}

/**
 * What the uploads to one host that are under way have yet to write there: two that read the same free space would
 * both take it.
 */
export class PromisedSpace {
  readonly #left = new Map<string, number>();

  /** To be taken before the host is asked for its space, and kept beside the answer. */
  now(): ReadonlyMap<string, number> {
    return new Map(this.#left);
  }

  /**
   * Takes room for a run, or says why there is none. `then`: what was promised when the host was asked; of what an upload
   * had yet to write then and has yet to write now the larger counts. Without an answer of the host nothing is refused.
   */
  claim(
    run: string,
    neededBytes: number,
    place: string,
    space: HostSpace | null,
    then: ReadonlyMap<string, number>,
  ): string | null {
    const promised = [...new Map([...this.#left, ...then]).values()].reduce((sum, bytes) => sum + bytes, 0);
    const lack = space === null ? null : lacksRoom(place, neededBytes, space, promised);
    if (lack === null) this.#left.set(run, neededBytes);
    return lack;
  }

  /** That much of it has yet to be written. */
  left(run: string, leftBytes: number): void {
    // the last words of an upload that was given up
    if (this.#left.has(run)) this.#left.set(run, Math.max(0, leftBytes));
  }

  giveBack(run: string): void {
    this.#left.delete(run);
  }
}

/** Why an upload of so many bytes is not begun; null when there is room for it. */
function lacksRoom(place: string, neededBytes: number, space: HostSpace, promisedBytes: number): string | null {
  const reserve = reserveBytes(space.totalBytes);
  if (neededBytes <= space.freeBytes - promisedBytes - reserve) return null;
  const others = promisedBytes > 0 ? ', part of which other uploads under way will take' : '';
  return (
    `it needs ${formatSize(neededBytes)} in ${place} on the host, and ${roughly(space.freeBytes)} of ` +
    `${formatSize(space.totalBytes)} are free there${others} (${formatSize(Math.round(reserve))} of it are kept for the jobs that run): ` +
    'free some space there'
  );
}

/** Two digits: each change of the text is told anew, and this number changes at every question. */
function roughly(sizeBytes: number): string {
  const unit = 1024 ** Math.max(0, Math.floor(Math.log2(Math.max(1, sizeBytes)) / 10));
  const value = sizeBytes / unit;
  const step = value < 10 ? 0.1 : value < 100 ? 1 : 10;
  return formatSize(Math.floor(value / step) * step * unit);
}

/**
 * Half of libuv's four threads: a watched directory on a file system that hangs must not stop the rest of the daemon
 * from reading its own disk.
 */
export const DISK_WIDTH = 2;

let free = DISK_WIDTH;
const waiting: (() => void)[] = [];

/**
 * One call to a watched disk. Samples, readings and rescans go on beside each other, and a call that does not come back
 * cannot be called off: so all of the intake together has no more than DISK_WIDTH under way.
 */
export async function atDisk<T>(call: () => Promise<T>): Promise<T> {
  if (free > 0) free -= 1;
  else await new Promise<void>((resolve) => waiting.push(resolve));
  try {
    return await call();
  } finally {
    const next = waiting.shift();
    if (next === undefined) free += 1;
    else next();
  }
}

/** Calls `act` for each item in order, at most `width` at a time. The first error ends it. */
export async function eachBounded<T>(
  items: readonly T[],
  width: number,
  act: (item: T, index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < items.length) {
      const index = next++;
      try {
        await act(items[index]!, index);
      } catch (error) {
        // the other lanes end with their present item
        next = items.length;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, lane));
}

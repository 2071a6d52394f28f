/**
 * Half of libuv's four threads: a watched directory on a file system that hangs must not stop the rest of the daemon
 * from reading its own disk.
 */
export const DISK_WIDTH = 2;

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

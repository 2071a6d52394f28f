import { lstatSync, readdirSync, readlinkSync } from 'node:fs';

/**
 * Everything that a change of a folder would show: names, kinds, modes, owners, sizes and times (the change time too, which
 * no program can set back) of the folder and all that is in it. Reading it changes none of them.
 */
export function listingOf(folder: string | Buffer): string[] {
  const path = Buffer.from(folder);
  const stats = lstatSync(path, { bigint: true });
  const target = stats.isSymbolicLink() ? readlinkSync(path, 'buffer').toString('latin1') : '';
  const { ino, mode, uid, gid, nlink, size, mtimeNs, ctimeNs } = stats;
  const own = [path.toString('latin1'), ino, mode, uid, gid, nlink, size, mtimeNs, ctimeNs, target].join(' ');
  if (!stats.isDirectory()) return [own];
  const names = readable(path).sort((a, b) => a.compare(b));
  return [own, ...names.flatMap((name) => listingOf(Buffer.concat([path, Buffer.from('/'), name])))];
}

/** A folder that its owner may not read is told by its own facts alone. */
function readable(path: Buffer): Buffer[] {
  try {
    return readdirSync(path, { encoding: 'buffer' });
  } catch {
    return [];
  }
}

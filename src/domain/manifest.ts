/** What a folder holds: names, sizes and hashes. The fingerprint of a case is the hash of this text. */

export interface ManifestEntry {
  /** Relative to the folder, parts joined by `/`, never leaving it. */
  readonly path: string;
  readonly sizeBytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
  /** Whether its owner may execute it; the only permission that travels. */
  readonly executable: boolean;
}

export interface Manifest {
  readonly entries: readonly ManifestEntry[];
  /** Directories with nothing in them; all others follow from the entries. */
  readonly emptyDirectories: readonly string[];
}

const byPath = (a: string, b: string): number => (a < b ? -1 : 1);

/**
 * One text for one content, whatever order the folder was read in: a line of JSON an entry, ordered by path. Its SHA-256
 * in hex is the fingerprint.
 */
export function manifestText(manifest: Manifest): string {
  const files = [...manifest.entries]
    .sort((a, b) => byPath(a.path, b.path))
    .map((entry) => JSON.stringify(['f', entry.path, entry.sizeBytes, entry.sha256, entry.executable]));
  const directories = [...manifest.emptyDirectories].sort(byPath).map((path) => JSON.stringify(['d', path]));
  return [...files, ...directories].map((line) => `${line}\n`).join('');
}

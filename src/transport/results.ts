import { access, constants, lstat, mkdir, open, readFile, readdir, rename, rm } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';

import { readable } from './outputs.ts';
import type { OutputFile } from './outputs.ts';
import type { OwnDisk } from './own-disk.ts';
import { Setback, localTrouble } from './setback.ts';
import { flushFile, hashLocalFile, letGo, localPath, makeParent } from './unpack.ts';
import type { Received } from './unpack.ts';

/** `manifest.json` in a folder of results: what was collected, and what is to be known about it. */
export interface ResultsManifest {
  readonly token: string;
  readonly files: readonly { readonly path: string; readonly sizeBytes: number; readonly sha256: string }[];
  /** Kept here too: the folder is there before the verdict is committed. */
  readonly missingGlobs: readonly string[];
  readonly notes: readonly string[];
}

const MANIFEST = 'manifest.json';

/** As busy with a whole tree that goes as with so many bytes: minutes, not seconds. */
const TREE_BYTES = 4 * 2 ** 30;

/**
 *     RESULTS/.staging/TOKEN/files-RUN/…   whole files, kept for the next try when the connection is lost
 *     RESULTS/.staging/TOKEN/partial-RUN…  files that are being written
 *     RESULTS/TARGET/…                     `files-RUN`, complete, moved there in one rename
 *
 * A try takes the files of an earlier one over as a whole folder, by one rename: an earlier one that is not quite dead
 * then has none to publish.
 */
export class ResultsFolder {
  readonly target: string;
  readonly files: string;
  readonly #results: string;
  readonly #token: string;
  readonly #staging: string;
  readonly #run: string;
  readonly #disk: OwnDisk;

  /** `run`: the name of this try; `disk`: the one that `results` lies on. */
  constructor(results: string, target: string, token: string, run: string, disk: OwnDisk) {
    if (isAbsolute(target) || target.split('/').some((part) => part === '' || part === '.' || part === '..')) {
      throw new Error(`results cannot go to ${JSON.stringify(target)}: it must be a folder below ${results}`);
    }
    this.#results = results;
    this.#token = token;
    this.target = join(results, target);
    this.#staging = join(results, '.staging', token);
    this.#run = run;
    this.#disk = disk;
    this.files = join(this.#staging, `files-${run}`);
  }

  /** Where an `Unpacker` puts what comes. */
  get place(): { readonly folder: string; readonly partial: string; readonly disk: OwnDisk } {
    return { folder: this.files, partial: join(this.#staging, `partial-${this.#run}-`), disk: this.#disk };
  }

  /** The manifest of this attempt's results if they lie there already; null if nothing does. */
  async existing(): Promise<ResultsManifest | null> {
    const found = await this.#locally(this.target, () =>
      this.#disk.call(() => readdir(this.target)).catch(ifMissing([])),
    );
    if (found.length === 0) return null;
    const text = await this.#locally(this.target, () =>
      this.#disk.call(() => readFile(join(this.target, MANIFEST), 'utf8')).catch(ifMissing('', 'EISDIR')),
    );
    const manifest = parseManifest(text);
    if (manifest?.token === this.#token) return manifest;
    const whose = manifest === null ? 'something that mqi did not put there' : `the results of ${manifest.token}`;
    throw new Setback('blocked', `${this.target} holds ${whose}: move it away, and these results take its place`);
  }

  /** Makes the staging folder, and keeps what an earlier try left there whole: a file with the size that it must have. */
  async prepare(wanted: readonly OutputFile[]): Promise<Map<string, Received>> {
    await this.#assertWritable(dirname(this.target));
    // it is never made here: one that is gone may be a disk that is not mounted
    await this.#locally(this.#results, () => this.#disk.call(() => access(this.#results)));
    return this.#locally(this.#staging, async () => {
      await this.#disk.call(() => mkdir(this.#staging, { recursive: true }));
      await this.#disk.call(() => mkdir(this.files));
      const kept = new Map<string, Received>();
      for (const name of await this.#disk.call(() => readdir(this.#staging))) {
        const earlier = join(this.#staging, name);
        if (earlier === this.files) continue;
        const old = join(this.#staging, `old-${this.#run}`);
        if (name.startsWith('files-')) {
          await this.#disk.call(() => rename(earlier, old)).catch(ifMissing(undefined));
          await this.#takeOver(old, wanted, kept);
        }
        for (const left of [earlier, old]) await this.#remove(left);
      }
      return kept;
    });
  }

  async #takeOver(old: string, wanted: readonly OutputFile[], kept: Map<string, Received>): Promise<void> {
    for (const { path, sizeBytes } of wanted) {
      const found = await this.#disk.call(() => lstat(localPath(old, path))).catch(ifMissing(null));
      if (kept.has(path) || sizeBytes === null || found?.isFile() !== true || found.size !== sizeBytes) continue;
      await this.#disk.call(async () => {
        await makeParent(this.files, path);
        await rename(localPath(old, path), localPath(this.files, path));
      });
      kept.set(path, { path, sizeBytes, sha256: await hashLocalFile(localPath(this.files, path), this.#disk) });
    }
  }

  /** Asked before the transfer: not to fetch everything again and again for a folder that may not be written. */
  async #assertWritable(folder: string): Promise<void> {
    await this.#locally(folder, async () => {
      // with the dot: a file in its place is not one that may not be written
      const found = await this.#disk
        .call(() => access(`${folder}/.`, constants.W_OK | constants.X_OK))
        .then(() => true, ifMissing(false));
      if (!found && dirname(folder) !== folder) await this.#assertWritable(dirname(folder));
    });
  }

  async drop(path: string): Promise<void> {
    await this.#disk.call(() => rm(localPath(this.files, path), { force: true }));
  }

  /** The job's own `manifest.json` makes room for ours; returns its new name, or null where there is none. */
  async yieldManifest(received: ReadonlyMap<string, Received>): Promise<string | null> {
    if (!received.has(MANIFEST)) return null;
    let name = `${MANIFEST}.job`;
    while (received.has(name)) name += '.job';
    await this.#locally(this.files, () =>
      this.#disk.call(() => rename(join(this.files, MANIFEST), join(this.files, name))),
    );
    return name;
  }

  /** Writes the manifest, flushes every folder, and moves the whole to its place. */
  async publish(
    received: readonly Received[],
    missingGlobs: readonly string[],
    notes: readonly string[],
  ): Promise<void> {
    await this.#locally(this.#results, async () => {
      for (const { path, sizeBytes } of received) {
        const found = await this.#disk.call(() => lstat(localPath(this.files, path))).catch(ifMissing(null));
        if (found?.isFile() === true && found.size === sizeBytes) continue;
        throw new Setback('blocked', `${readable(path)} went away again: another try has taken it over`);
      }
      const handle = await this.#disk.call(() => open(join(this.files, MANIFEST), 'w'), { late: letGo });
      for (const piece of manifestPieces({ token: this.#token, missingGlobs, notes }, received)) {
        await this.#disk.call(() => handle.writeFile(piece));
      }
      await this.#disk.call(() => flushFile(handle));
      await this.#flushFolders(Buffer.from(this.files));
      await this.#disk.call(() => mkdir(dirname(this.target), { recursive: true }));
      await this.#disk.call(() => rename(this.files, this.target));
      for (let up = dirname(this.target); up.startsWith(this.#results); up = dirname(up)) await this.#flushFolder(up);
      await this.#remove(this.#staging);
    });
  }

  /** Leaves no half result: a full disk needs the space. */
  async clear(): Promise<void> {
    await this.#remove(this.#staging).catch(() => {});
  }

  #remove(path: string): Promise<void> {
    return this.#disk.call(() => rm(path, { recursive: true, force: true }), { busyBytes: TREE_BYTES });
  }

  async #flushFolders(folder: Buffer): Promise<void> {
    const entries = await this.#disk.call(() => readdir(folder, { withFileTypes: true, encoding: 'buffer' }));
    for (const entry of entries) {
      if (entry.isDirectory()) await this.#flushFolders(Buffer.concat([folder, Buffer.from('/'), entry.name]));
    }
    await this.#flushFolder(folder);
  }

  async #flushFolder(folder: Buffer | string): Promise<void> {
    await this.#disk.call(async () => flushFile(await open(folder, 'r')));
  }

  async #locally<T>(path: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw error instanceof Setback ? error : localTrouble(path, error);
    }
  }
}

function ifMissing<T>(value: T, also?: string): (error: unknown) => T {
  return (error) => {
    const code = error instanceof Error && 'code' in error ? error.code : null;
    if (code === 'ENOENT' || code === 'ENOTDIR' || (also !== undefined && code === also)) return value;
    throw error;
  };
}

function parseManifest(text: string): ResultsManifest | null {
  try {
    const value: unknown = JSON.parse(text);
    const isOurs =
      typeof value === 'object' &&
      value !== null &&
      'token' in value &&
      typeof value.token === 'string' &&
      'files' in value &&
      Array.isArray(value.files) &&
      'missingGlobs' in value &&
      Array.isArray(value.missingGlobs);
    return isOurs ? (value as ResultsManifest) : null;
  } catch {
    return null;
  }
}

/** Entries that become one piece of text at a time: of very many files nobody else is kept waiting. */
const ENTRIES_A_PIECE = 1_000;

/** The text of the manifest, piece by piece. */
function* manifestPieces(
  rest: Omit<ResultsManifest, 'files'>,
  received: readonly Received[],
): Generator<string, void, undefined> {
  const { token, ...after } = rest;
  yield `{\n  "token": ${JSON.stringify(token)},\n  "files": [`;
  for (let first = 0; first < received.length; first += ENTRIES_A_PIECE) {
    const texts = received
      .slice(first, first + ENTRIES_A_PIECE)
      .map((file) => `\n    ${JSON.stringify({ ...file, path: readable(file.path) })}`);
    yield `${first === 0 ? '' : ','}${texts.join(',')}`;
  }
  const end = Object.entries(after).map(([key, value]) => `  ${JSON.stringify(key)}: ${JSON.stringify(value)}`);
  yield `\n  ],\n${end.join(',\n')}\n}\n`;
}

import { access, constants, lstat, mkdir, open, readFile, readdir, rename, rm } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';

import { readable } from './outputs.ts';
import type { OutputFile } from './outputs.ts';
import { Setback, localTrouble } from './setback.ts';
import { hashLocalFile, localPath, makeParent } from './unpack.ts';
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

  /** `run`: the name of this try. */
  constructor(results: string, target: string, token: string, run: string) {
    if (isAbsolute(target) || target.split('/').some((part) => part === '' || part === '.' || part === '..')) {
      throw new Error(`results cannot go to ${JSON.stringify(target)}: it must be a folder below ${results}`);
    }
    this.#results = results;
    this.#token = token;
    this.target = join(results, target);
    this.#staging = join(results, '.staging', token);
    this.#run = run;
    this.files = join(this.#staging, `files-${run}`);
  }

  get partial(): string {
    return join(this.#staging, `partial-${this.#run}-`);
  }

  /** The manifest of this attempt's results if they lie there already; null if nothing does. */
  async existing(): Promise<ResultsManifest | null> {
    const found = await this.#locally(this.target, () => readdir(this.target).catch(ifMissing([])));
    if (found.length === 0) return null;
    const text = await readFile(join(this.target, MANIFEST), 'utf8').catch(() => '');
    const manifest = parseManifest(text);
    if (manifest?.token === this.#token) return manifest;
    const whose = manifest === null ? 'something that mqi did not put there' : `the results of ${manifest.token}`;
    throw new Setback('blocked', `${this.target} holds ${whose}: move it away, and these results take its place`);
  }

  /** Makes the staging folder, and keeps what an earlier try left there whole: a file with the size that it must have. */
  async prepare(wanted: readonly OutputFile[], signal: AbortSignal): Promise<Map<string, Received>> {
    await this.#assertWritable(dirname(this.target));
    // it is never made here: one that is gone may be a disk that is not mounted
    await this.#locally(this.#results, () => access(this.#results));
    return this.#locally(this.#staging, async () => {
      await mkdir(this.#staging, { recursive: true });
      await mkdir(this.files);
      const kept = new Map<string, Received>();
      for (const name of await readdir(this.#staging)) {
        const earlier = join(this.#staging, name);
        if (earlier === this.files) continue;
        const old = join(this.#staging, `old-${this.#run}`);
        if (name.startsWith('files-')) {
          await rename(earlier, old).catch(ifMissing(undefined));
          await this.#takeOver(old, wanted, kept, signal);
        }
        for (const left of [earlier, old]) await rm(left, { recursive: true, force: true });
      }
      return kept;
    });
  }

  async #takeOver(
    old: string,
    wanted: readonly OutputFile[],
    kept: Map<string, Received>,
    signal: AbortSignal,
  ): Promise<void> {
    for (const { path, sizeBytes } of wanted) {
      const found = await lstat(localPath(old, path)).catch(ifMissing(null));
      if (kept.has(path) || sizeBytes === null || found?.isFile() !== true || found.size !== sizeBytes) continue;
      await makeParent(this.files, path);
      await rename(localPath(old, path), localPath(this.files, path));
      kept.set(path, { path, sizeBytes, sha256: await hashLocalFile(localPath(this.files, path), signal) });
    }
  }

  /** Asked before the transfer: not to fetch everything again and again for a folder that may not be written. */
  async #assertWritable(folder: string): Promise<void> {
    await this.#locally(folder, async () => {
      // with the dot: a file in its place is not one that may not be written
      const found = await access(`${folder}/.`, constants.W_OK | constants.X_OK).then(() => true, ifMissing(false));
      if (!found && dirname(folder) !== folder) await this.#assertWritable(dirname(folder));
    });
  }

  async drop(path: string): Promise<void> {
    await rm(localPath(this.files, path), { force: true });
  }

  /** The job's own `manifest.json` makes room for ours; returns its new name, or null where there is none. */
  async yieldManifest(received: ReadonlyMap<string, Received>): Promise<string | null> {
    if (!received.has(MANIFEST)) return null;
    let name = `${MANIFEST}.job`;
    while (received.has(name)) name += '.job';
    await this.#locally(this.files, () => rename(join(this.files, MANIFEST), join(this.files, name)));
    return name;
  }

  /** Writes the manifest, flushes every folder, and moves the whole to its place. */
  async publish(
    received: readonly Received[],
    missingGlobs: readonly string[],
    notes: readonly string[],
  ): Promise<void> {
    const manifest: ResultsManifest = {
      token: this.#token,
      files: received.map((file) => ({ ...file, path: readable(file.path) })),
      missingGlobs,
      notes,
    };
    await this.#locally(this.#results, async () => {
      for (const { path, sizeBytes } of received) {
        const found = await lstat(localPath(this.files, path)).catch(ifMissing(null));
        if (found?.isFile() === true && found.size === sizeBytes) continue;
        throw new Setback('blind', `${readable(path)} went away again: another try has taken it over`);
      }
      const handle = await open(join(this.files, MANIFEST), 'w');
      try {
        await handle.writeFile(`${JSON.stringify(manifest, null, 2)}\n`);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await flushFolders(Buffer.from(this.files));
      await mkdir(dirname(this.target), { recursive: true });
      await rename(this.files, this.target);
      for (let up = dirname(this.target); up.startsWith(this.#results); up = dirname(up)) await flushFolder(up);
      await rm(this.#staging, { recursive: true, force: true });
    });
  }

  /** Leaves no half result: a full disk needs the space. */
  async clear(): Promise<void> {
    await rm(this.#staging, { recursive: true, force: true }).catch(() => {});
  }

  async #locally<T>(path: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw error instanceof Setback ? error : localTrouble(path, error);
    }
  }
}

function ifMissing<T>(value: T): (error: unknown) => T {
  return (error) => {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
      return value;
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

async function flushFolders(folder: Buffer): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true, encoding: 'buffer' })) {
    if (entry.isDirectory()) await flushFolders(Buffer.concat([folder, Buffer.from('/'), entry.name]));
  }
  await flushFolder(folder);
}

async function flushFolder(folder: Buffer | string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

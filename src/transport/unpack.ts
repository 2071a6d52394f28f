import { createHash } from 'node:crypto';
import { copyFile, mkdir, open, rename } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';

import { extract } from 'tar-stream';
import type { Header } from 'tar-stream';

import type { OutputFile } from './outputs.ts';
import type { OwnDisk } from './own-disk.ts';
import { Setback, localTrouble } from './setback.ts';

/** A file as it lies in our staging folder. */
export interface Received {
  readonly path: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

type Entry = AsyncIterable<unknown> & { readonly header: Header };

/** Names as bytes, a character each; the package's own types do not know the option. */
const AS_BYTES = { filenameEncoding: 'latin1', highWaterMark: 256 * 1024 };

/** Files that are being flushed at the same time; one after the other, a thousand small ones would wait a thousand times. */
const FLUSHING_FILES = 3;

/** The path of a file (a character for each byte) below a folder of ours. */
export function localPath(folder: string, path: string): Buffer {
  return Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(path, 'latin1')]);
}

export async function makeParent(folder: string, path: string): Promise<void> {
  const slash = path.lastIndexOf('/');
  if (slash !== -1) await mkdir(localPath(folder, path.slice(0, slash)), { recursive: true });
}

/**
 * Unpacks an archive of the host into `folder`, and only what was asked for: the name in the archive is sought among
 * the wanted ones, and everything but a regular file (or a second name of one) is left out. A file has its name only
 * when it is whole and flushed.
 */
export class Unpacker {
  readonly received = new Map<string, Received>();
  readonly #folder: string;
  readonly #partial: string;
  readonly #disk: OwnDisk;
  readonly #wanted: ReadonlySet<string>;
  readonly #onBytes: (count: number) => void;
  readonly #archive = extract(AS_BYTES);
  readonly #flushing = new Set<Promise<void>>();
  readonly #secondNames: { readonly path: string; readonly of: string }[] = [];
  readonly #done: Promise<void>;
  #count = 0;
  #trouble: unknown = null;
  #wake: () => void = () => {};

  /** `partial`: the beginning of the paths of files that are not whole yet, on the same disk. */
  constructor(
    place: { readonly folder: string; readonly partial: string; readonly disk: OwnDisk },
    wanted: readonly OutputFile[],
    onBytes: (count: number) => void,
  ) {
    this.#folder = place.folder;
    this.#partial = place.partial;
    this.#disk = place.disk;
    this.#wanted = new Set(wanted.map((file) => file.path));
    this.#onBytes = onBytes;
    this.#done = this.#readEntries();
    this.#archive.on('drain', () => this.#wake());
    // seen by `write` or `end`, whichever comes next
    this.#done.catch((error: unknown) => {
      this.#trouble ??= error;
      this.#wake();
    });
  }

  async write(chunk: Buffer): Promise<void> {
    if (this.#trouble === null && !this.#archive.write(chunk)) {
      // not a race with `#done`: each would leave a trace in that promise until the end
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    if (this.#trouble !== null) throw this.#trouble;
  }

  /**
   * Everything is on the disk when it resolves. Without `whole`, the archive was cut off: what came of it is kept as far
   * as files are whole.
   */
  async end(whole: boolean): Promise<void> {
    this.#archive.end(undefined);
    await this.#done.catch(() => {});
    await Promise.all(this.#flushing);
    if (!whole) return;
    if (this.#trouble !== null) throw this.#trouble;
    for (const { path, of } of this.#secondNames) await this.#copy(of, path);
  }

  async #readEntries(): Promise<void> {
    try {
      for await (const entry of this.#archive) await this.#take(entry);
    } catch (error) {
      if (error instanceof Setback) throw error;
      throw new Setback('blocked', `the archive of the host cannot be read (${String(error)})`);
    }
  }

  async #take(entry: Entry): Promise<void> {
    const path = nameOf(entry);
    const { type, linkname } = entry.header;
    if (type === 'link' && this.#wanted.has(path) && linkname !== null) {
      this.#secondNames.push({ path, of: withoutDot(linkname) });
    }
    if (type === 'file' && this.#wanted.has(path) && !this.received.has(path)) await this.#store(path, entry);
    else for await (const _ of entry);
  }

  async #store(path: string, entry: Entry): Promise<void> {
    const partial = `${this.#partial}${this.#count++}`;
    const hash = createHash('sha256');
    let sizeBytes = 0;
    const executable = ((entry.header.mode ?? 0) & 0o100) !== 0;
    const handle = await this.#locally(partial, () =>
      this.#disk.call(() => open(partial, 'w', executable ? 0o777 : 0o666), { late: letGo }),
    );
    // one piece is written while the next comes in and is hashed
    let writing = Promise.resolve();
    try {
      for await (const chunk of entry as AsyncIterable<Buffer>) {
        hash.update(chunk);
        sizeBytes += chunk.length;
        await writing;
        writing = this.#locally(partial, () => writeAll(handle, chunk, this.#disk));
        writing.catch(() => {});
        this.#onBytes(chunk.length);
      }
      await writing;
      if (sizeBytes !== entry.header.size) throw new Setback('blind', 'the archive of the host broke off');
    } catch (error) {
      await writing.catch(() => {});
      letGo(handle);
      throw error;
    }
    if (this.#flushing.size >= FLUSHING_FILES) await Promise.race(this.#flushing);
    const { mtime } = entry.header;
    const flushing = this.#flush(handle, { partial, path, sizeBytes, modified: mtime ?? null }).then(
      () => void this.received.set(path, { path, sizeBytes, sha256: hash.digest('hex') }),
      (error: unknown) => {
        this.#trouble ??= error;
        this.#wake();
      },
    );
    this.#flushing.add(flushing);
    void flushing.finally(() => this.#flushing.delete(flushing));
  }

  async #flush(
    handle: FileHandle,
    file: {
      readonly partial: string;
      readonly path: string;
      readonly sizeBytes: number;
      readonly modified: Date | null;
    },
  ): Promise<void> {
    const { partial, path, sizeBytes, modified } = file;
    const finish = async (): Promise<void> => {
      try {
        if (modified !== null) await handle.utimes(modified, modified);
        await handle.sync();
      } finally {
        letGo(handle);
      }
      await makeParent(this.#folder, path);
      await rename(partial, localPath(this.#folder, path));
    };
    await this.#locally(partial, () => this.#disk.call(finish, { busyBytes: sizeBytes }));
  }

  /** A second name of a file (a hard link on the host) becomes a file of its own. */
  async #copy(of: string, path: string): Promise<void> {
    const first = this.received.get(of);
    if (first === undefined) return;
    await this.#locally(this.#folder, async () => {
      const copy = async (): Promise<void> => {
        await makeParent(this.#folder, path);
        await copyFile(localPath(this.#folder, of), localPath(this.#folder, path));
        await flushFile(await open(localPath(this.#folder, path), 'r+'));
      };
      await this.#disk.call(copy, { busyBytes: first.sizeBytes });
    });
    this.received.set(path, { ...first, path });
  }

  async #locally<T>(path: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw error instanceof Setback ? error : localTrouble(path, error);
    }
  }
}

async function writeAll(handle: FileHandle, chunk: Buffer, disk: OwnDisk): Promise<void> {
  for (let offset = 0; offset < chunk.length;) {
    offset += (await disk.call(() => handle.write(chunk, offset))).bytesWritten;
  }
}

/** What was written is on the disk when it resolves, and the file is closed. */
export async function flushFile(handle: FileHandle): Promise<void> {
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** What is given up is closed, and one that hangs is not waited for. */
export function letGo(handle: FileHandle): void {
  handle.close().catch(() => {});
}

/** A pax name is text; all others are bytes. */
function nameOf(entry: Entry): string {
  const pax = entry.header.pax as { readonly path?: string } | null | undefined;
  return withoutDot(pax?.path === undefined ? entry.header.name : Buffer.from(pax.path).toString('latin1'));
}

function withoutDot(name: string): string {
  return name.replace(/^(\.\/)+/, '');
}

export async function hashLocalFile(path: Buffer, disk: OwnDisk): Promise<string> {
  const hash = createHash('sha256');
  const piece = Buffer.allocUnsafe(256 * 1024);
  const handle = await disk.call(() => open(path, 'r'), { late: letGo });
  try {
    for (;;) {
      const { bytesRead } = await disk.call(() => handle.read(piece, 0, piece.length, null));
      if (bytesRead === 0) return hash.digest('hex');
      hash.update(piece.subarray(0, bytesRead));
    }
  } finally {
    letGo(handle);
  }
}

import { createHash } from 'node:crypto';

import { assertNever } from '../domain/assert-never.ts';
import type { Clock } from '../domain/clock.ts';
import { manifestText } from '../domain/manifest.ts';
import type { ManifestEntry } from '../domain/manifest.ts';
import {
  FolderChanged,
  FolderMissing,
  FolderUnreadable,
  assertSameListing,
  listFolder,
  notAsAdmitted,
} from './folder.ts';
import type { FolderListing } from './folder.ts';
import { HostShell } from './host-shell.ts';
import { bytesOnDisk } from './host-space.ts';
import type { PromisedSpace } from './host-space.ts';
import { Coalescer, packInputs, packManifest, readFiles } from './pack.ts';
import { OwnDisk } from './own-disk.ts';
import { quotePath } from './quote.ts';
import { parseSums, script, sumsScript } from './script.ts';
import { NoRoom, Setback, garbled, hostTrouble, isDiskFull, noSums, noTar } from './setback.ts';
import {
  commitScript,
  parseCommitted,
  parsePrepared,
  prepareScript,
  sourceInputs,
  takeScript,
  unpackCommand,
} from './staging.ts';
import type { Source, StagingPlace } from './staging.ts';
import { clearScript, discardScript, parseCleared } from './staging-room.ts';
import type { SendOutcome, SendRequest, Spawn } from './transport.ts';

/** Ships a case folder to ROOT/attempts/TOKEN; `staging` describes how, and why it is safe at any byte. */
export async function upload(
  spawn: Spawn,
  clock: Clock,
  request: SendRequest,
  promised: PromisedSpace,
): Promise<SendOutcome> {
  const work = new Upload(spawn, clock, request, promised);
  try {
    await work.run();
    return { kind: 'sent' };
  } catch (error) {
    if (error instanceof FolderChanged) return { kind: 'changed', message: error.message };
    if (error instanceof FolderMissing) return { kind: 'missing', reason: error.message };
    if (error instanceof FolderUnreadable) return { kind: 'blocked', reason: error.message };
    if (!(error instanceof Setback)) throw error;
    if (error.kind === 'blind') return { kind: 'blind', reason: error.message };
    if (error instanceof NoRoom) await work.discard();
    // another run may have been first, and have swept our directory away
    if (await work.isThere()) return { kind: 'sent' };
    return error.kind === 'failed'
      ? { kind: 'failed', message: error.message }
      : { kind: 'blocked', reason: error.message };
  } finally {
    work.end();
  }
}

class Upload {
  readonly #shell: HostShell;
  readonly #request: SendRequest;
  readonly #place: StagingPlace;
  readonly #promised: PromisedSpace;
  readonly #disk: OwnDisk;

  constructor(spawn: Spawn, clock: Clock, request: SendRequest, promised: PromisedSpace) {
    this.#promised = promised;
    this.#shell = new HostShell(spawn, clock, request);
    this.#request = request;
    this.#disk = new OwnDisk('reading', request.folder, clock, request);
    this.#place = { root: request.root, token: request.token, run: clock.randomId(12) };
  }

  async run(): Promise<void> {
    let others = this.#promised.now();
    const prepared = parsePrepared(await this.#ask('preparing the upload', prepareScript(this.#place)));
    if (prepared === null) throw garbled('preparing the upload');
    if (prepared.kind === 'sent') return;
    if (prepared.kind === 'no_tar') throw noTar();
    const listing = await this.#list();
    let { space } = prepared;
    let taken: readonly ManifestEntry[] = [];
    if (prepared.sources.length > 0) {
      taken = await this.#takeOver(listing, prepared.sources);
      others = this.#promised.now();
      space = parseCleared(await this.#ask('clearing what is left', clearScript(this.#place)))?.space ?? null;
    }
    const there = new Set(taken.map((entry) => entry.path));
    const missing = listing.files.filter((file) => !there.has(file.path));
    const place = `${this.#request.root}/staging`;
    const lack = this.#promised.claim(this.#place.run, bytesOnDisk(missing), place, space, others);
    if (lack !== null) throw new NoRoom(lack);
    const entries = await this.#send(listing, missing, taken);
    await this.#commit(listing, entries);
  }

  #list(): Promise<FolderListing> {
    return listFolder(this.#request.folder, this.#disk);
  }

  /** Gives the room back that this run has taken on the host; what it cannot reach is swept when the case is over. */
  async discard(): Promise<void> {
    await this.#ask('removing what was sent', discardScript(this.#place)).catch(() => '');
  }

  end(): void {
    this.#promised.giveBack(this.#place.run);
  }

  async isThere(): Promise<boolean> {
    const manifest = quotePath(this.#request.root, 'attempts', this.#request.token, 'manifest');
    const answer = await this.#ask(
      'asking for the manifest',
      script(`if [ -f ${manifest} ]; then echo sent; fi`),
    ).catch(() => '');
    return answer.trim() === 'sent';
  }

  /** What earlier runs left, as far as it is whole: the entries that need not travel again. */
  async #takeOver(listing: FolderListing, sources: readonly Source[]): Promise<readonly ManifestEntry[]> {
    const { folder, fingerprint } = this.#request;
    const entries: ManifestEntry[] = [];
    for await (const { file, pieces, sha256 } of readFiles(folder, listing.files, this.#disk)) {
      for await (const _ of pieces);
      const { path, sizeBytes, executable } = file;
      entries.push({ path, sizeBytes, sha256: sha256(), executable });
    }
    if (sha256Of(manifestText({ entries, ...listing })) !== fingerprint) {
      throw notAsAdmitted(folder, await this.#list());
    }
    const taken = new Set<ManifestEntry>();
    for (const source of sources) {
      const wanted = entries.filter((entry) => !taken.has(entry));
      const question = sumsScript(sourceInputs(this.#place, source), wanted);
      const answer = parseSums(await this.#ask('hashing what is there', question, largest(wanted)), wanted.length);
      if (answer === null) throw garbled('hashing what is there');
      if (answer.kind === 'no_sums') throw noSums();
      // a third run was faster
      if (answer.kind === 'gone') continue;
      const whole = wanted.filter((entry, index) => answer.sums[index] === entry.sha256);
      if (whole.length === 0) continue;
      const order = takeScript(this.#place, source, whole);
      await this.#ask('taking over what is there', order, totalBytes(whole)).catch(async (error: unknown) => {
        // it was there a moment ago
        const isGone = String(error).includes('No such file') || (await this.#wasTaken());
        throw isGone ? takenOver() : error;
      });
      for (const entry of whole) taken.add(entry);
    }
    return [...taken];
  }

  /** The archive: directories, files, and as its last entry the manifest, which only what was admitted gets. */
  async #send(
    listing: FolderListing,
    missing: FolderListing['files'],
    taken: readonly ManifestEntry[],
  ): Promise<readonly ManifestEntry[]> {
    const { folder, fingerprint, onProgress } = this.#request;
    const total = totalBytes(missing);
    const onDisk = bytesOnDisk(missing);
    let entries: readonly ManifestEntry[] = [];
    let diskFull = false;
    const outcome = await this.#shell
      .start({
        command: unpackCommand(this.#place),
        // tar goes on with the next file when the disk is full; nothing more needs to travel then
        onStderr: (chunk) => (diskFull ||= isDiskFull(chunk.toString())),
        stdin: async (write) => {
          const out = new Coalescer(async (chunk) => {
            if (diskFull) throw new DiskFull();
            await write(chunk);
          });
          const sent = await packInputs(folder, missing, listing.emptyDirectories, out, this.#disk, (sentBytes) => {
            this.#promised.left(this.#place.run, onDisk - sentBytes);
            onProgress?.({ sentBytes, totalBytes: total });
          });
          entries = [...taken, ...sent];
          const text = manifestText({ entries, emptyDirectories: listing.emptyDirectories });
          // listed anew: the file that changed meanwhile is to be named
          if (sha256Of(text) !== fingerprint) throw notAsAdmitted(folder, await this.#list());
          assertSameListing(listing, await this.#list());
          await packManifest(text, listing.files, out);
        },
      })
      .catch((error: unknown) => {
        if (!(error instanceof DiskFull)) throw error;
        const stderr = Buffer.from('tar: No space left on device');
        return { kind: 'done', exitCode: 2, stdout: Buffer.alloc(0), stderr } as const;
      });
    if (outcome.kind === 'unknown') throw new Setback('blind', outcome.reason);
    if (outcome.exitCode !== 0) {
      if (outcome.stdout.toString().includes('taken')) throw takenOver();
      throw hostTrouble('tar', this.#request.root, outcome.exitCode, outcome.stderr.toString());
    }
    return entries;
  }

  async #commit(listing: FolderListing, entries: readonly ManifestEntry[]): Promise<void> {
    const { root, token, fingerprint } = this.#request;
    const order = commitScript(this.#place, entries, listing.emptyDirectories, fingerprint);
    const committed = parseCommitted(await this.#ask('verifying', order, totalBytes(entries)), entries);
    if (committed === null) throw garbled('verifying');
    switch (committed.kind) {
      case 'sent':
        return;
      case 'no_sums':
        throw noSums();
      case 'two_disks':
        throw new Setback(
          'blocked',
          `${root}/staging and ${root}/attempts lie on two file systems of the host: put them on one`,
        );
      case 'taken':
        throw takenOver();
      case 'unreadable':
        throw new Setback(
          'blocked',
          `the host cannot read ${committed.path}, which it has just written below ${root}/staging: have its disk examined`,
        );
      case 'wrong': {
        if (await this.#wasTaken()) throw takenOver();
        const [first] = committed.paths;
        const what = first === undefined ? `${token} holds what was not sent` : `${first} arrived wrong`;
        const more = committed.paths.length > 1 ? `, and ${committed.paths.length - 1} more` : '';
        throw new Setback('failed', `${what}${more}: the copy on the host does not match its manifest`);
      }
      default:
        assertNever(committed);
    }
  }

  async #wasTaken(): Promise<boolean> {
    const { root, token, run } = this.#place;
    const [mark, own] = ['taken', token].map((name) => quotePath(root, 'staging', token, run, name));
    const question = script(`if [ -f ${mark} ] || [ ! -d ${own} ]; then echo taken; fi`);
    return (await this.#ask('asking whose the files are', question)).trim() === 'taken';
  }

  async #ask(what: string, text: string, busyBytes = 0): Promise<string> {
    return (await this.#shell.ask(what, text, { busyBytes })).toString();
  }
}

class DiskFull extends Error {}

function takenOver(): Setback {
  return new Setback('blocked', 'another upload of this attempt is under way and took its files over');
}

function sha256Of(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function totalBytes(files: readonly { readonly sizeBytes: number }[]): number {
  return files.reduce((sum, file) => sum + file.sizeBytes, 0);
}

/** The longest time without a line is the largest file's. */
function largest(files: readonly { readonly sizeBytes: number }[]): number {
  return files.reduce((largest, file) => Math.max(largest, file.sizeBytes), 512 * 1024 * 1024);
}

import type { Clock } from '../domain/clock.ts';
import { FoundReader, attemptWord, findScript, packScript, surveyScript } from './attempt-directory.ts';
import { HostShell } from './host-shell.ts';
import { OutputsReader, batchesOf, foundFile, listedFile, readable } from './outputs.ts';
import type { OutputFile, Selection } from './outputs.ts';
import { OwnDisk } from './own-disk.ts';
import { ResultsFolder } from './results.ts';
import { RUN_SCRIPT, UNREADABLE, parseSums, sumsScript } from './script.ts';
import { Setback, garbled, hostTrouble, noSums } from './setback.ts';
import type { FetchOutcome, FetchRequest, Spawn } from './transport.ts';
import { Unpacker } from './unpack.ts';
import type { Received } from './unpack.ts';

/** Brings results back: ask what is there, fetch what is missing, compare with the host's own sums, and only then move into place. */
export async function collect(spawn: Spawn, clock: Clock, request: FetchRequest): Promise<FetchOutcome> {
  const disk = new OwnDisk('writing', request.results, clock, request);
  const results = new ResultsFolder(request.results, request.target, request.token, clock.randomId(8), disk);
  const collection = new Collection(new HostShell(spawn, clock, request), request, results);
  try {
    return await collection.run();
  } catch (error) {
    if (!(error instanceof Setback)) throw error;
    if (error.kind === 'blind') return { kind: 'blind', reason: error.message };
    return { kind: 'blocked', reason: error.message };
  }
}

class Collection {
  readonly #shell: HostShell;
  readonly #request: FetchRequest;
  readonly #results: ResultsFolder;
  readonly #notes: string[] = [];

  constructor(shell: HostShell, request: FetchRequest, results: ResultsFolder) {
    this.#shell = shell;
    this.#request = request;
    this.#results = results;
  }

  async run(): Promise<FetchOutcome> {
    const there = await this.#results.existing();
    if (there !== null) return { kind: 'fetched', missingGlobs: there.missingGlobs, files: there.files.length };
    const { wanted, missingGlobs } = await this.#select();
    const received = await this.#results.prepare(wanted);
    const onBytes = this.#progressOf(wanted.filter((file) => !received.has(file.path)));
    for (const batch of batchesOf(wanted)) {
      await this.#transfer(batch, received, onBytes);
      await this.#verify(batch, received);
    }
    const files = await this.#records(wanted, received);
    try {
      await this.#results.publish(files, missingGlobs, this.#notes);
    } catch (error) {
      await this.#results.clear();
      throw error;
    }
    return { kind: 'fetched', missingGlobs, files: files.length };
  }

  /** What is to be collected, by the list that the job wrote; where there is none and need not be, by a search. */
  async #select(): Promise<Selection> {
    const { root, token, globs, mustBeWhole } = this.#request;
    const list = new OutputsReader(listedFile, globs);
    const answer = new FoundReader((bytes) => list.add(bytes));
    await this.#shell.ask('asking for results', surveyScript(this.#request), {
      onAnswer: (chunk) => answer.add(chunk),
    });
    const there = answer.end();
    if (there === null) throw garbled('asking for results');
    if (there.kind === 'no_root') {
      throw new Setback('blocked', `${root}/attempts is not there on the host: mount its disk, then it goes on`);
    }
    if (there.kind === 'absent') {
      if (mustBeWhole) throw new Setback('blocked', `${root}/attempts/${token} is not there on the host`);
      this.#notes.push('the directory of the attempt is not there on the host any more');
      return { wanted: [], missingGlobs: [] };
    }
    const listed = there.hasList ? list.end() : null;
    if (listed !== null) {
      const { wanted, missingGlobs } = this.#bearable(listed);
      return { wanted: [...wanted, ...there.logs], missingGlobs };
    }
    const problem = there.hasList ? 'cannot be read' : 'is not there';
    if (mustBeWhole) {
      throw new Setback(
        'blocked',
        `the list of outputs ${root}/attempts/${token}/outputs ${problem}, so nothing is certain`,
      );
    }
    this.#notes.push(
      `the list of outputs that the job writes at its end ${problem}: these are the files that were found`,
    );
    const found = new OutputsReader(foundFile, globs);
    await this.#shell.ask('listing the results', findScript(this.#request), { onAnswer: (chunk) => found.add(chunk) });
    const selection = found.end();
    if (selection === null) throw garbled('listing the results');
    return { wanted: [...this.#bearable(selection).wanted, ...there.logs], missingGlobs: [] };
  }

  #bearable(selection: Selection | { readonly tooMany: number }): Selection {
    if (!('tooMany' in selection)) return selection;
    const { root, token } = this.#request;
    throw new Setback(
      'blocked',
      `its job left more files than can be collected one by one (${selection.tooMany} and more): pack those in ${root}/attempts/${token} into archives and name these in job.collect, or let job.collect name fewer; mqi cases abandon gives them up`,
    );
  }

  #progressOf(missing: readonly OutputFile[]): (count: number) => void {
    const { onProgress } = this.#request;
    const isKnown = missing.every((file) => file.sizeBytes !== null);
    const totalBytes = isKnown ? missing.reduce((sum, file) => sum + (file.sizeBytes ?? 0), 0) : null;
    let sentBytes = 0;
    return (count) => {
      sentBytes += count;
      onProgress?.({ sentBytes, totalBytes });
    };
  }

  async #transfer(
    wanted: readonly OutputFile[],
    received: Map<string, Received>,
    onBytes: (count: number) => void,
  ): Promise<void> {
    const missing = wanted.filter((file) => !received.has(file.path));
    if (missing.length === 0) return;
    const { root } = this.#request;
    const unpacker = new Unpacker(this.#results.place, missing, onBytes);
    let isWhole = false;
    try {
      const outcome = await this.#shell.start({
        command: RUN_SCRIPT,
        stdin: packScript(this.#request, missing),
        onStdout: (chunk) => unpacker.write(chunk),
      });
      if (outcome.kind === 'unknown') throw new Setback('blind', outcome.reason);
      if (outcome.exitCode !== 0) throw hostTrouble('tar', root, outcome.exitCode, outcome.stderr.toString());
      isWhole = true;
      await unpacker.end(true);
      for (const [path, file] of unpacker.received) received.set(path, file);
    } catch (error) {
      if (!isWhole) await unpacker.end(false);
      // the disk of this machine: nothing half is left there
      if (error instanceof Setback && error.kind === 'blocked') await this.#results.clear();
      throw error;
    }
  }

  /** Compares what came with what the host has now, file by file. */
  async #verify(wanted: readonly OutputFile[], received: ReadonlyMap<string, Received>): Promise<void> {
    const sizeBytes = wanted.reduce((sum, file) => sum + (received.get(file.path)?.sizeBytes ?? 0), 0);
    const files = wanted.map(({ path }) => ({ path, sizeBytes: received.get(path)?.sizeBytes ?? 0 }));
    const question = Buffer.from(sumsScript(attemptWord(this.#request), files), 'latin1');
    const text = (await this.#shell.ask('verifying', question, { busyBytes: sizeBytes })).toString();
    const answer = parseSums(text, files.length);
    if (answer === null) throw garbled('verifying');
    if (answer.kind === 'no_sums') throw noSums();
    const sums = answer.kind === 'gone' ? [] : answer.sums;
    const problems: string[] = [];
    for (const [index, { path, sizeBytes: listedBytes }] of wanted.entries()) {
      const file = received.get(path);
      const problem =
        sums[index] === UNREADABLE
          ? 'cannot be read on the host: make it readable there for this user, or have the disk examined'
          : file === undefined
            ? 'is not there on the host, or is no regular file any more'
            : sums[index] !== file.sha256
              ? 'changed on the host while it was fetched'
              : listedBytes !== null && listedBytes !== file.sizeBytes && !isLog(path)
                ? `has ${file.sizeBytes} bytes, but the job listed ${listedBytes}`
                : null;
      if (problem === null) continue;
      problems.push(`${readable(path)} ${problem}`);
      if (this.#request.mustBeWhole) await this.#results.drop(path);
    }
    if (problems.length > 0 && this.#request.mustBeWhole) {
      const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : '';
      throw new Setback('blocked', `the results are not what the job listed: ${problems[0]}${more}`);
    }
    this.#notes.push(...problems);
  }

  async #records(wanted: readonly OutputFile[], received: Map<string, Received>): Promise<Received[]> {
    const renamed = await this.#results.yieldManifest(received);
    if (renamed !== null) this.#notes.push(`the job's own manifest.json is ${renamed}`);
    return wanted.flatMap(({ path }) => {
      const file = received.get(path);
      if (file === undefined) return [];
      return renamed !== null && path === 'manifest.json' ? [{ ...file, path: renamed }] : [file];
    });
  }
}

/** The logs are not in the job's list; their size is what they had when we asked. */
function isLog(path: string): boolean {
  return path === 'stdout' || path === 'stderr';
}

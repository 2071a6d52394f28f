import { readlink, realpath } from 'node:fs/promises';
import type { BigIntStats } from 'node:fs';

import { atDisk } from './bounded.ts';
import { codeOf, isAbsence, isRefusal, listNames, lstatOf, specialKind } from './directory.ts';
import { decodeName, printable, quoted, travelProblem } from './names.ts';
import { MAX_ENTRIES, below } from './signature.ts';

/** Names that one rejection tells: enough to see what is wrong, and a sentence still. */
const MAX_PROBLEMS = 3;
/** The manifest's text must stay below the longest string of V8 (512 MiB), even when every byte of a name is escaped. */
const MAX_PATHS_BYTES = 64 * 1024 * 1024;

export interface SurveyedFile {
  /** Relative to the case, parts joined by `/`. */
  readonly path: string;
  /** Where its content lies, no link on the way. */
  readonly real: string;
  readonly sizeBytes: number;
  readonly executable: boolean;
  readonly ino: bigint;
  readonly mtimeNs: bigint;
}

export type Survey =
  | {
      readonly kind: 'surveyed';
      readonly files: readonly SurveyedFile[];
      readonly emptyDirectories: readonly string[];
    }
  | { readonly kind: 'rejected'; readonly reason: string }
  | { readonly kind: 'moving' }
  | { readonly kind: 'blind'; readonly code: string }
  | { readonly kind: 'stopped' };

/** Leaves the walk from any depth; never leaves this file. */
class End extends Error {
  readonly survey: Survey;
  constructor(survey: Survey) {
    super(survey.kind);
    this.survey = survey;
  }
}

/**
 * Lists what of a folder travels, or names what cannot. Links that stay inside are followed: a host gets their content.
 * The same entries, under the same paths, as `listFolder` of the transport: both make the fingerprint.
 */
export async function surveyFolder(folder: string, signal: AbortSignal): Promise<Survey> {
  const survey = new Surveyor(signal);
  try {
    return await survey.run(folder);
  } catch (error) {
    if (error instanceof End) return error.survey;
    const code = codeOf(error);
    return isAbsence(code) ? { kind: 'moving' } : { kind: 'blind', code };
  }
}

class Surveyor {
  readonly #signal: AbortSignal;
  readonly #files: SurveyedFile[] = [];
  readonly #emptyDirectories: string[] = [];
  readonly #problems: string[] = [];
  #entries = 0;
  #pathsBytes = 0;
  #top = '';

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  async run(folder: string): Promise<Survey> {
    this.#top = await atDisk(() => realpath(folder));
    const top = await lstatOf(this.#top);
    if (top.kind === 'blind') return top;
    if (top.kind === 'gone' || !top.stats.isDirectory()) return { kind: 'moving' };
    await this.#directory('', this.#top, top.stats, [this.#top]);
    if (this.#problems.length > 0) return this.#rejection();
    return { kind: 'surveyed', files: this.#files, emptyDirectories: this.#emptyDirectories };
  }

  /** `ancestors`: the real directories that lead here; a path has at most 4,096 bytes, so they are few. */
  async #directory(relative: string, real: string, stats: BigIntStats, ancestors: readonly string[]): Promise<void> {
    let names: Buffer[];
    try {
      names = await listNames(real, stats, MAX_ENTRIES - this.#entries);
    } catch (error) {
      if (!isRefusal(codeOf(error))) throw error;
      return this.#problem(
        relative,
        `this directory cannot be read (${codeOf(error)}): make it readable for this user`,
      );
    }
    if (names.length === 0 && relative !== '') this.#emptyDirectories.push(relative);
    for (const bytes of names) {
      if (this.#signal.aborted) throw new End({ kind: 'stopped' });
      const name = decodeName(bytes);
      if (name === null) {
        const shown = relative === '' ? printable(bytes) : `${relative}/${printable(bytes)}`;
        this.#problem(shown, 'its name is not valid UTF-8: rename it');
      } else await this.#entry(below(relative, name), `${real}/${name}`, ancestors);
    }
  }

  async #entry(relative: string, path: string, ancestors: readonly string[]): Promise<void> {
    this.#count(relative);
    const travel = travelProblem(relative);
    if (travel !== null) return this.#problem(relative, travel);
    const found = await this.#stats(relative, path);
    if (found === null) return;
    if (!found.isSymbolicLink()) return this.#plain(relative, path, found, ancestors);

    const target = await this.#target(relative, path);
    if (target === null) return;
    if (target !== this.#top && !target.startsWith(`${this.#top}/`)) {
      return this.#problem(
        relative,
        `a symbolic link that leaves the case folder (to ${quoted(await atDisk(() => readlink(path)))}): put the file itself there`,
      );
    }
    if (ancestors.includes(target)) return this.#problem(relative, 'a symbolic link to a directory that it lies in');
    const stats = await this.#stats(relative, target);
    if (stats !== null) await this.#plain(relative, target, stats, ancestors);
  }

  async #plain(relative: string, real: string, stats: BigIntStats, ancestors: readonly string[]): Promise<void> {
    if (stats.isDirectory()) return this.#directory(relative, real, stats, [...ancestors, real]);
    const special = specialKind(stats);
    if (special !== null) return this.#problem(relative, `${special}: only files and directories can travel`);
    // a link that appeared where its own target was resolved a moment ago
    if (!stats.isFile()) throw new End({ kind: 'moving' });
    this.#files.push({
      path: relative,
      real,
      sizeBytes: Number(stats.size),
      executable: (stats.mode & 0o100n) !== 0n,
      ino: stats.ino,
      mtimeNs: stats.mtimeNs,
    });
  }

  async #stats(relative: string, path: string): Promise<BigIntStats | null> {
    const found = await lstatOf(path);
    if (found.kind === 'found') return found.stats;
    if (found.kind === 'gone') throw new End({ kind: 'moving' });
    if (!isRefusal(found.code)) throw new End(found);
    this.#problem(relative, `it cannot be read (${found.code}): make its directory readable for this user`);
    return null;
  }

  async #target(relative: string, link: string): Promise<string | null> {
    try {
      return await atDisk(() => realpath(link));
    } catch (error) {
      const code = codeOf(error);
      if (isAbsence(code) || code === 'ELOOP') {
        // readlink fails, and says moving, when the link itself went away meanwhile
        this.#problem(relative, `a symbolic link to nothing (to ${quoted(await atDisk(() => readlink(link)))})`);
      } else if (isRefusal(code)) this.#problem(relative, `a symbolic link that cannot be followed (${code})`);
      else throw error;
      return null;
    }
  }

  #count(relative: string): void {
    this.#entries += 1;
    this.#pathsBytes += Buffer.byteLength(relative);
    if (this.#entries > MAX_ENTRIES) this.#tooMuch(`it holds more than ${MAX_ENTRIES} entries`);
    if (this.#pathsBytes > MAX_PATHS_BYTES) this.#tooMuch('the names in it are longer than 64 MiB together');
  }

  #tooMuch(what: string): never {
    throw new End({ kind: 'rejected', reason: `${what}: pack some of them into archives` });
  }

  #problem(relative: string, what: string): void {
    this.#problems.push(`${relative === '' ? 'the folder itself' : quoted(relative)}: ${what}`);
    if (this.#problems.length > MAX_PROBLEMS) throw new End(this.#rejection());
  }

  #rejection(): Survey {
    const shown = this.#problems.slice(0, MAX_PROBLEMS).join('; ');
    return { kind: 'rejected', reason: this.#problems.length > MAX_PROBLEMS ? `${shown}; and more` : shown };
  }
}

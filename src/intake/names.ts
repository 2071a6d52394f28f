import { isUtf8 } from 'node:buffer';

import picomatch from 'picomatch';

/** NAME_MAX of every Linux file system. */
const MAX_NAME_BYTES = 255;
/** PATH_MAX less its final NUL, and less 512 for `ROOT/attempts/TOKEN/inputs/` on the host. */
export const MAX_RELATIVE_PATH_BYTES = 4_095 - 512;

/** Null when the bytes are no UTF-8: such a name cannot be kept as text, nor in JSON, without becoming another one. */
export function decodeName(bytes: Buffer): string | null {
  return isUtf8(bytes) ? bytes.toString('utf8') : null;
}

/** Any bytes as text for a person; different bytes give different text. */
export function printable(bytes: Buffer): string {
  return [...bytes]
    .map((byte) =>
      byte >= 0x20 && byte < 0x7f && byte !== 0x5c
        ? String.fromCharCode(byte)
        : `\\x${byte.toString(16).padStart(2, '0')}`,
    )
    .join('');
}

/** A name inside a sentence: newlines and quotes in it cannot pretend to be part of the sentence. */
export function quoted(name: string): string {
  return JSON.stringify(name);
}

/** A name as a shell takes it, for a command that a person may paste. */
export function shellWord(name: string): string {
  if (/^[A-Za-z0-9_./][A-Za-z0-9_./-]*$/.test(name)) return name;
  return `${name.startsWith('-') ? '-- ' : ''}'${name.replaceAll("'", String.raw`'\''`)}'`;
}

/** Why a file of this name (relative to its case) cannot be written on a host; null when it can. */
export function travelProblem(relative: string): string | null {
  const name = relative.slice(relative.lastIndexOf('/') + 1);
  if (Buffer.byteLength(name) > MAX_NAME_BYTES) return `its name is longer than ${MAX_NAME_BYTES} bytes`;
  if (Buffer.byteLength(relative) > MAX_RELATIVE_PATH_BYTES) {
    return `its path is longer than ${MAX_RELATIVE_PATH_BYTES} bytes`;
  }
  return null;
}

/** Tells a name (no `/`) that copying programs give to what they have not finished. */
export type TemporaryName = (name: string) => boolean;

/** A dot hides: `.snapshot` of a file server, `.Trash` of a desktop are no cases. Inside a case such names are its own. */
export function isHidden(name: string): boolean {
  return name.startsWith('.');
}

export function temporaryNames(patterns: readonly string[]): TemporaryName {
  // the empty pattern throws in picomatch, and matches nothing
  const wanted = patterns.filter((pattern) => pattern !== '');
  return wanted.length === 0 ? () => false : picomatch([...wanted], { dot: true });
}

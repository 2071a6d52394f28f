/**
 * The bytes of a tar archive in the GNU format: it is the one that GNU tar, busybox and bsdtar all unpack with names of
 * any length and any bytes. (busybox skips the `path` of a pax header; bsdtar converts it to the locale's encoding. The
 * GNU format has raw bytes, which nobody touches.)
 */

const BLOCK_BYTES = 512;
/** One less than the field: an unterminated name is legal, but not every reader agrees. */
const NAME_BYTES = 99;
/** The largest size that eleven octal digits hold; above it the GNU format writes the number in base 256. */
const OCTAL_SIZE_LIMIT = 8 ** 11;
const TYPE = { file: '0', directory: '5', longName: 'L' } as const;

export const ARCHIVE_END: Uint8Array = Buffer.alloc(2 * BLOCK_BYTES);

/** What comes after a file's content, up to the next block. */
export function padding(sizeBytes: number): Uint8Array {
  return Buffer.alloc((BLOCK_BYTES - (sizeBytes % BLOCK_BYTES)) % BLOCK_BYTES);
}

export interface ArchivedFile {
  readonly path: string;
  readonly sizeBytes: number;
  readonly executable: boolean;
  /** Seconds since 1970. */
  readonly modified: number;
}

export function fileHeader(file: ArchivedFile): Uint8Array {
  return entry(file.path, TYPE.file, file.sizeBytes, file.executable ? 0o755 : 0o644, file.modified);
}

export function directoryHeader(path: string, modified: number): Uint8Array {
  return entry(`${path}/`, TYPE.directory, 0, 0o755, modified);
}

function entry(path: string, type: string, sizeBytes: number, mode: number, modified: number): Uint8Array {
  const name = Buffer.from(path);
  if (name.length <= NAME_BYTES) return header(name, type, sizeBytes, mode, modified);
  const longName = Buffer.concat([name, Buffer.alloc(1)]);
  return Buffer.concat([
    header(Buffer.from('././@LongLink'), TYPE.longName, longName.length, 0o644, 0),
    longName,
    padding(longName.length),
    header(name.subarray(0, NAME_BYTES), type, sizeBytes, mode, modified),
  ]);
}

function header(name: Buffer, type: string, sizeBytes: number, mode: number, modified: number): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES);
  name.copy(block, 0);
  octal(block, mode, 100, 8);
  // owner 0: whoever unpacks it owns it (`tar -o`)
  octal(block, 0, 108, 8);
  octal(block, 0, 116, 8);
  if (sizeBytes < OCTAL_SIZE_LIMIT) octal(block, sizeBytes, 124, 12);
  else base256(block, sizeBytes, 124, 12);
  octal(block, Math.min(Math.max(0, Math.floor(modified)), OCTAL_SIZE_LIMIT - 1), 136, 12);
  block.write(type, 156);
  block.write('ustar  \0', 257, 'latin1');
  // the checksum is counted with its own field full of spaces
  block.fill(' ', 148, 156);
  let sum = 0;
  for (const byte of block) sum += byte;
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

function octal(block: Buffer, value: number, offset: number, width: number): void {
  block.write(`${value.toString(8).padStart(width - 1, '0')}\0`, offset, 'latin1');
}

function base256(block: Buffer, value: number, offset: number, width: number): void {
  let rest = value;
  for (let index = offset + width - 1; index > offset; index--) {
    block[index] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  block[offset] = 0x80;
}

/** What a candidate's row keeps of its folder, in the column `signature`; an empty part is not known. */
export interface Recorded {
  /** Of the folder itself. */
  readonly stamp: string;
  /** Text of the signature of everything below it. */
  readonly signature: string;
  /** Of the content that was read last; of a rejected folder there is none. */
  readonly fingerprint: string;
}

export function recordedText({ stamp, signature, fingerprint }: Recorded): string {
  return `${stamp} ${signature} ${fingerprint}`;
}

export function parseRecorded(text: string): Recorded {
  const [stamp = '', signature = '', fingerprint = ''] = text.split(' ');
  return { stamp, signature, fingerprint };
}

export function hasStamp(text: string, stamp: string): boolean {
  return text.startsWith(`${stamp} `);
}

/** When the folder's own first level was written last, from its stamp. */
export function mtimeOf(stamp: string): string {
  return stamp.split('.')[1] ?? '';
}

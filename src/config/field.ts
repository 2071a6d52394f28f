import * as z from 'zod';
import { parseDurationMs, parseSizeBytes } from '../domain/duration.ts';

/**
 * The kinds of value that the schema is built from. Each carries `expected`, the words an error uses for it, and where
 * it matters `kind`, which travels into the JSON Schema so that errors and documentation are derived and never typed twice.
 */

/** One name: of a host, a slot. It appears in tokens' directories, metrics and `HOST/SLOT`. */
export const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;
export const NAME_EXPECTED =
  'a name of letters, digits, dots, dashes and underscores that begins with a letter or digit';

/** What a person reads in the documentation and in errors, beside the description. */
export interface FieldNotes {
  readonly expected: string;
  readonly examples?: readonly unknown[];
  readonly kind?: 'duration' | 'path';
}

/** Text that passes `complaint`, which says what is wrong (as "expected …") or null. One line: names and paths end up in logs. */
export function text(notes: FieldNotes, complaint: (value: string) => string | null = () => null) {
  return z
    .string()
    .superRefine((value, context) => {
      const said =
        value === ''
          ? `${notes.expected}, not an empty one`
          : /[\0-\x1f\x7f]/.test(value)
            ? `${notes.expected}, without control characters`
            : complaint(value);
      if (said !== null) context.addIssue({ code: 'custom', message: said });
    })
    .meta(metaOf(notes));
}

export function matching(pattern: RegExp, notes: FieldNotes) {
  return text(notes, (value) => (pattern.test(value) ? null : notes.expected));
}

/** For editors only, which know nothing of `parseDurationMs`. */
const DURATION_PATTERN = '^ *(\\d+(\\.\\d+)? *(ms|s|min|m|h|d|w) *)+$';

/** Milliseconds, within bounds given as people write them. */
export function duration(bounds: { readonly min: string; readonly max: string; readonly example: string }) {
  const [minMs, maxMs] = [boundMs(bounds.min), boundMs(bounds.max)];
  const expected = `a duration such as ${bounds.example}, from ${bounds.min} to ${bounds.max}`;
  return z
    .string()
    .transform((value, context) => {
      const ms = parseDurationMs(value);
      if (ms !== null && ms >= minMs && ms <= maxMs) return ms;
      context.addIssue({ code: 'custom', message: expected });
      return z.NEVER;
    })
    .meta({ ...metaOf({ expected, examples: [bounds.example], kind: 'duration' }), pattern: DURATION_PATTERN });
}

function boundMs(bound: string): number {
  const ms = parseDurationMs(bound);
  if (ms === null) throw new Error(`the schema itself is wrong: ${bound} is no duration`);
  return ms;
}

/** For editors only, as above. */
const SIZE_PATTERN = '^ *\\d+(\\.\\d+)? ?(B|kB|MB|GB|TB|KiB|MiB|GiB|TiB) *$';

/** Bytes, at least as many as given. */
export function size(bounds: { readonly min: string; readonly example: string }) {
  const minBytes = parseSizeBytes(bounds.min);
  if (minBytes === null) throw new Error(`the schema itself is wrong: ${bounds.min} is no size`);
  const expected = `a size such as ${bounds.example}, from ${bounds.min}`;
  return z
    .string()
    .transform((value, context) => {
      const bytes = parseSizeBytes(value);
      if (bytes !== null && bytes >= minBytes) return bytes;
      context.addIssue({ code: 'custom', message: expected });
      return z.NEVER;
    })
    .meta({ ...metaOf({ expected, examples: [bounds.example] }), pattern: SIZE_PATTERN });
}

/** A path of this machine: absolute, below `~/`, or relative to the file's folder. */
export function localPath(example: string) {
  return text({ expected: 'a path', examples: [example], kind: 'path' }, (value) =>
    /^~[^/]/.test(value) ? 'a path; of the forms with ~ only ~/ is understood' : null,
  );
}

/** A path of the host, passed on as written: only the host knows what `~` is. */
export function hostPath(example: string) {
  const expected = 'a path on the host, absolute or below ~/';
  return text({ expected, examples: [example] }, (value) => (/^(~?\/|~$)/.test(value) ? null : expected));
}

export function wholeNumber(min: number, max: number) {
  return z
    .int()
    .min(min)
    .max(max)
    .meta({ expected: `a whole number from ${min} to ${max}` });
}

export function yesOrNo() {
  return z.boolean().meta({ expected: 'true or false' });
}

/** Any text that a shell can be given: everything but NUL. */
export function freeText(notes: FieldNotes) {
  return z
    .string()
    .refine((value) => !value.includes('\0'), `${notes.expected}, without a NUL character`)
    .meta(metaOf(notes));
}

/** Names are checked by `checkNames` (host-rules.ts): zod would leave the value of a badly named key unread. */
export function environment() {
  return z
    .record(z.string(), freeText({ expected: 'text' }))
    .meta({ expected: 'a map of environment variables to text', propertyNames: { pattern: ENVIRONMENT_NAME.source } });
}

export const ENVIRONMENT_NAME = /^(?!MQI_)(?!__proto__$)[A-Za-z_][A-Za-z0-9_]*$/;
export const ENVIRONMENT_NAME_EXPECTED =
  'a name of letters, digits and underscores, not one of MQI_*: those are how a job is found again';

function metaOf(notes: FieldNotes): Record<string, unknown> {
  return { ...notes, ...(notes.examples === undefined ? {} : { examples: [...notes.examples] }) };
}

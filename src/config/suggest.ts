import { nearest } from './nearest.ts';
import { formsOf, type Outline } from './outline.ts';

/** What was probably meant by a wrong value, as it would be typed; null when that is anybody's guess. */
export function suggestValue(
  value: unknown,
  node: Outline | null,
  choices: readonly string[],
  source: string | null,
): string | null {
  if (typeof value === 'string' && choices.length > 0) return nearest(value, choices);
  if (node === null) return null;
  if (node.kind === 'duration') return suggestDuration(value);
  const types = formsOf(node).map(({ type }) => type);
  if (typeof value === 'number' || typeof value === 'boolean') {
    // only quotes are missing: `name: 0`, `CUDA_VISIBLE_DEVICES: 0`
    return types.includes('string') && node.enum === undefined ? JSON.stringify(source ?? String(value)) : null;
  }
  if (typeof value !== 'string') return null;
  if (types.includes('boolean')) return suggestBoolean(value);
  if (types.includes('integer')) return /^\d+$/.test(value.trim()) ? value.trim() : null;
  if (types.includes('array')) return `[${JSON.stringify(value)}]`;
  const word = nearest(
    value,
    formsOf(node).flatMap(({ properties }) => constant(properties?.['type'])),
  );
  return word === null ? null : `{ type: ${word} }`;
}

function constant(node: Outline | undefined): readonly string[] {
  return typeof node?.const === 'string' ? [node.const] : [];
}

/** `30` → `30s`, `10 minutes` → `10m`. A number is taken for seconds: the unit that most programs mean. */
function suggestDuration(value: unknown): string | null {
  if (typeof value !== 'number' && typeof value !== 'string') return null;
  const match = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)/i.exec(String(value));
  if (match === null) return null;
  const [, amount, word = ''] = match;
  const unit = word === '' ? 's' : /^(ms|milli)/i.test(word) ? 'ms' : word[0]!.toLowerCase();
  const suggestion = `${amount}${unit}`;
  // the same again is right in form and out of bounds: no suggestion
  return 'smhdw'.includes(unit[0]!) && suggestion !== String(value).replaceAll(' ', '') ? suggestion : null;
}

function suggestBoolean(value: string): string | null {
  if (/^(yes|on|true)$/i.test(value)) return 'true';
  return /^(no|off|false)$/i.test(value) ? 'false' : null;
}

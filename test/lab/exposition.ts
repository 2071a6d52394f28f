/** One sample of a metric, as Prometheus would take it in. */
export interface Scraped {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const NAME = String.raw`[a-zA-Z_:][a-zA-Z0-9_:]*`;
const LABEL = String.raw`[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"`;
const SAMPLE = new RegExp(`^(${NAME})(?:\\{(${LABEL}(?:,${LABEL})*)\\})? (-?[0-9.]+(?:e[+-]?[0-9]+)?)$`);

/**
 * The text format 0.0.4, as strictly as its specification has it.
 * @throws with the line that breaks it
 */
export function parseExposition(text: string): readonly Scraped[] {
  if (!text.endsWith('\n')) throw new Error('the last line has no end');
  const types = new Map<string, string>();
  const helped = new Set<string>();
  const samples = new Map<string, Scraped>();
  let current = '';
  for (const line of text.slice(0, -1).split('\n')) {
    const help = new RegExp(`^# HELP (${NAME}) [^\\n]+$`).exec(line);
    const type = new RegExp(`^# TYPE (${NAME}) (gauge|counter)$`).exec(line);
    if (help !== null) {
      if (helped.has(help[1]!)) throw new Error(`a second HELP: ${line}`);
      helped.add((current = help[1]!));
      continue;
    }
    if (type !== null) {
      if (type[1] !== current || types.has(current)) throw new Error(`a TYPE in the wrong place: ${line}`);
      if ((type[2] === 'counter') !== current.endsWith('_total'))
        throw new Error(`not how counters are named: ${line}`);
      types.set(current, type[2]!);
      continue;
    }
    const sample = SAMPLE.exec(line);
    if (sample === null) throw new Error(`no sample: ${line}`);
    const [, name, pairs = '', value] = sample;
    if (name !== current || !types.has(name)) throw new Error(`outside of its metric: ${line}`);
    const key = `${name} ${pairs}`;
    if (samples.has(key)) throw new Error(`twice: ${line}`);
    const labels = [...pairs.matchAll(/([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g)].map(([, of, is]) => [of!, is!] as const);
    samples.set(key, { name, labels: Object.fromEntries(labels), value: Number(value) });
  }
  return [...samples.values()];
}

/**
 * Snapshots of older versions, brought up to the version of today one step at a time. Each step is for one version, and
 * never changes: a database may be years old. `test/fixtures/snapshots` holds what each version wrote.
 */

interface Persisted {
  readonly context: Readonly<Record<string, unknown>>;
}

/** From version N to N + 1. */
const STEPS: ReadonlyMap<number, (context: Persisted['context']) => Persisted['context']> = new Map([
  // 2: a case that is blind refers to the spell of its host; and a job that a signal ended keeps its exit code
  [
    1,
    ({ blind, failure, ...context }) => ({
      ...context,
      version: 2,
      blind: isRecord(blind) ? { ...blind, spell: null } : blind,
      failure: isRecord(failure) && failure['kind'] === 'job_killed' ? { ...failure, exitCode: null } : failure,
    }),
  ],
]);

/** What is no snapshot, or of an unknown version, comes back as it was: whoever reads it says so. */
export function upgraded(snapshot: unknown): unknown {
  let now = snapshot;
  while (isPersisted(now)) {
    const step = STEPS.get(Number(now.context['version']));
    if (step === undefined) break;
    now = { ...now, context: step(now.context) };
  }
  return now;
}

function isPersisted(value: unknown): value is Persisted {
  return isRecord(value) && isRecord(value['context']);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

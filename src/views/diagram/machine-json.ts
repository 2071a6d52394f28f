import type { AnyStateMachine } from 'xstate';

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/**
 * A machine's definition as plain data: what was given to `createMachine()`, with the context that it begins with in
 * the place of the function that makes it. Everything else in it is a name or a text already.
 * @throws Error when an inline function is in the definition: it would vanish
 */
export function machineJson(machine: AnyStateMachine): Readonly<Record<string, Json>> {
  const { context, ...rest } = machine.config as { readonly context?: unknown } & Readonly<Record<string, unknown>>;
  return {
    ...(plain(rest, machine.id) as Readonly<Record<string, Json>>),
    context: plain(typeof context === 'function' ? beginning(context as ContextFactory) : (context ?? {}), machine.id),
  };
}

/** The same as a line of code: what the importer of Stately's editor takes. */
export function machineCode(machine: AnyStateMachine): string {
  return [
    "import { createMachine } from 'xstate';",
    '',
    `export const ${machine.id}Machine = createMachine(${JSON.stringify(machineJson(machine), null, 2)});`,
    '',
  ].join('\n');
}

type ContextFactory = (args: { readonly input: undefined }) => unknown;

/** XState too calls the factory without an input, once a transition. */
const beginning = (factory: ContextFactory): unknown => factory({ input: undefined });

function plain(value: unknown, path: string): Json {
  if (value === null || typeof value === 'boolean' || typeof value === 'number' || typeof value === 'string') {
    return value;
  }
  if (Array.isArray(value)) return value.map((item, index) => plain(item, `${path}.${index}`));
  if (typeof value !== 'object') throw new Error(`${path} is a ${typeof value}: name it in setup() instead`);
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .map(([key, item]) => [key, plain(item, `${path}.${key}`)]),
  );
}

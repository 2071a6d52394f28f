import { NAME, NAME_EXPECTED } from './field.ts';
import { checkName, entries } from './host-rules.ts';
import type { Layers } from './layers.ts';
import { childOf } from './outline.ts';
import type { Problem } from './problem.ts';

/** The names of the sinks; zod would leave the value of a badly named key unread. */
export function checkSinks(layers: Layers): readonly Problem[] {
  const path = ['notify', 'sinks'];
  return entries(path.reduce<unknown>(childOf, layers.raw), path).flatMap((entry) =>
    checkName(entry.path, NAME, NAME_EXPECTED, layers),
  );
}

import { createActor } from 'xstate';
import type { SnapshotFrom } from 'xstate';
import * as z from 'zod';

import type { Effect, Phase } from '../../domain/case.ts';
import { EFFECTS } from '../../domain/case.ts';
import { CONTEXT_VERSION, caseMachine } from '../../../machines/index.ts';
import { upgraded } from './snapshot-upgrades.ts';

export type CaseSnapshot = SnapshotFrom<typeof caseMachine>;

/**
 * The parts of a persisted snapshot that the machine relies on: XState itself restores one that lacks a field, or has a
 * wrong one, without a word.
 */
const persisted = z.looseObject({
  status: z.enum(['active', 'done']),
  value: z.union([z.string(), z.record(z.string(), z.string())]),
  context: z.object({
    version: z.literal(CONTEXT_VERSION),
    caseId: z.string().min(1),
    attempt: z.number().int().positive(),
    token: z.string().nullable(),
    host: z.string().nullable(),
    slot: z.string().nullable(),
    job: z.object({ id: z.string().nullable(), createdAt: z.string().nullable() }).nullable(),
    limitMs: z.number().nonnegative(),
    observedMs: z.number().nonnegative(),
    lingerMs: z.number().nonnegative(),
    uploadTries: z.number().int().nonnegative(),
    releasesAgain: z.number().int().nonnegative(),
    paused: z.boolean(),
    blind: z
      .object({ cause: z.enum(['link', 'queue', 'garbled']), sinceMs: z.number(), spell: z.number().nullable() })
      .nullable(),
    blocked: z.string().nullable(),
    stop: z.looseObject({ kind: z.enum(['cancelled', 'limit', 'missing', 'lingering']) }).nullable(),
    failure: z.looseObject({ kind: z.string(), message: z.string(), hint: z.string() }).nullable(),
  }),
});

export type Restored =
  | { readonly kind: 'restored'; readonly snapshot: CaseSnapshot }
  | { readonly kind: 'unreadable'; readonly reason: string };

/** A snapshot as it was persisted → one that `transition()` takes. Anything odd is said, never thrown. */
export function restoreSnapshot(text: string): Restored {
  try {
    const json = upgraded(JSON.parse(text));
    const parsed = persisted.safeParse(json);
    if (!parsed.success) return { kind: 'unreadable', reason: z.prettifyError(parsed.error).replaceAll(/\s+/g, ' ') };
    // an actor that is never started: resolveState would lose what transition() needs
    const actor = createActor(caseMachine, {
      snapshot: json as never,
      input: { caseId: '', attempt: 1, limitMs: 0 },
    });
    const snapshot = actor.getSnapshot();
    if (snapshot.status === 'error') return { kind: 'unreadable', reason: String(snapshot.error) };
    return { kind: 'restored', snapshot };
  } catch (error) {
    return { kind: 'unreadable', reason: error instanceof Error ? error.message : String(error) };
  }
}

export function persistSnapshot(snapshot: CaseSnapshot): string {
  return JSON.stringify(caseMachine.getPersistedSnapshot(snapshot));
}

export function phaseOf(snapshot: CaseSnapshot): Phase {
  const value: unknown = snapshot.value;
  return (typeof value === 'string' ? value : Object.values(value as object)[0]) as Phase;
}

function isEffect(type: string): type is Effect {
  return (EFFECTS as readonly string[]).includes(type);
}

/** The effects among returned actions: their presence means that a working state was entered. */
export function effectsOf(actions: readonly { readonly type: string }[]): Effect[] {
  return actions.map((action) => action.type).filter(isEffect);
}

/** XState keeps an action as the definition has it, a plain name too, whatever its types say. */
function nameOf(action: unknown): string {
  if (typeof action === 'string') return action;
  return typeof action === 'object' && action !== null && 'type' in action ? String(action.type) : '';
}

/** What each phase wants done, read from the machine's definition. */
export const WANTED: ReadonlyMap<Phase, Effect> = new Map(
  Object.values(caseMachine.states).flatMap((state) =>
    Object.values(state.states).flatMap((node) =>
      node.entry
        .map(nameOf)
        .filter(isEffect)
        .map((effect) => [node.key as Phase, effect] as const),
    ),
  ),
);

import type { Proof } from '../../domain/attempt.ts';

/** What the machine says beside its new state: typed outputs of the transition, named in the chart. */
export interface Said {
  readonly takeOverSlot: boolean;
  readonly quarantineSlot: boolean;
  readonly leaveResults: boolean;
  /** That no job of the attempt can run any more; null where nothing of that is said. */
  readonly proof: Proof | null;
}

const PROOFS: ReadonlyMap<string, Proof> = new Map([
  ['proveRevoked', 'revoked'],
  ['proveGone', 'gone'],
  ['proveNeverCreated', 'never_created'],
]);

/** From the actions that `transition()` returned. */
export function saidBy(actions: readonly { readonly type: string }[]): Said {
  const types = actions.map(({ type }) => type);
  const [proof = null] = types.flatMap((type) => PROOFS.get(type) ?? []);
  return {
    takeOverSlot: types.includes('takeOverSlot'),
    quarantineSlot: types.includes('quarantineSlot'),
    leaveResults: types.includes('leaveResults'),
    proof,
  };
}

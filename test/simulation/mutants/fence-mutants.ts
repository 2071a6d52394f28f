import type { Mutant } from './mutant.ts';

/** Checks that are made once more, because something else may have happened since they were made first. */
export const FENCE_MUTANTS: readonly Mutant[] = [
  {
    name: 'a host that was ever reconciled is given work when it is back',
    breaks: [2],
    within: 100,
    theme: 'hasty',
    scenario: 'cleared while unreachable',
    patches: [
      {
        file: 'src/supervisor/host/barrier.ts',
        find: 'watches.get(host)?.isReconciled() === true',
        replace: 'watches.get(host)?.wasReconciled() === true',
      },
    ],
  },
  {
    name: 'an operator is believed beside a job that is seen at work',
    breaks: [1],
    within: 0,
    scenario: 'a word that was wrong',
    patches: [
      {
        file: 'src/supervisor/host/sweeps/reconcile.ts',
        find: '      proof: null,\n      proofAt: null,\n',
        replace: '',
      },
    ],
  },
  {
    name: 'the outcome of a past entry is taken',
    breaks: [6],
    within: 0,
    scenario: 'an upload that was over before its attempt was',
    patches: [
      {
        file: 'src/supervisor/work/runner.ts',
        find: 'dispatch(row.id, event, { entry: row.entry });',
        replace: 'dispatch(row.id, event);',
      },
    ],
  },
  {
    name: 'an old look ends what was adopted since',
    breaks: [4],
    within: 0,
    scenario: 'adopted while it was looked at',
    patches: [
      {
        file: 'src/supervisor/host/sweeps/reconcile.ts',
        find: '    if (!isDead(deps, token)) return null;\n    const verdict',
        // a case that waits is no dead attempt either, and is not meant here
        replace: '    if (wasWaiting && !isDead(deps, token)) return null;\n    const verdict',
      },
    ],
  },
  {
    name: 'a look that a blind spell overtook is believed',
    breaks: [3],
    within: 0,
    scenario: 'a look that a blind spell overtook',
    patches: [
      {
        file: 'src/supervisor/host/looks.ts',
        find: 'if (stopping.signal.aborted || spell !== spells) return;',
        replace: 'if (stopping.signal.aborted) return;',
      },
    ],
  },
  {
    name: "an operator's word counts against what a look sees",
    breaks: [2],
    within: 100,
    theme: 'hasty',
    patches: [
      {
        file: 'src/supervisor/orders/deeds/clear.ts',
        find: '  if (!isAtWork(facts, look.node)) return null;',
        replace: "  if (!isAtWork(facts, look.node) || look.kind === 'looked') return null;",
      },
    ],
  },
  {
    name: 'an operator is believed still when the host is seen again',
    breaks: [2],
    within: 100,
    theme: 'hasty',
    patches: [
      {
        file: 'src/supervisor/host/sweeps/reconcile.ts',
        find: "?.proof === 'operator' && !isAtWork(facts, look.node);",
        replace: "?.proof === 'operator' && look !== undefined && facts !== undefined;",
      },
    ],
  },
  {
    name: 'whatever is named is killed as an orphan',
    breaks: [3, 4],
    within: 100,
    theme: 'hasty',
    patches: [
      {
        file: 'src/supervisor/orders/deeds/kill.ts',
        find: 'if (attempt === null || attempt.orphan === null) return',
        replace: 'if (attempt === null) return',
      },
    ],
  },
  {
    name: 'the barrier lifts before that is committed',
    breaks: [2],
    within: 0,
    scenario: 'reconciled while the disk was full',
    patches: [
      {
        file: 'src/supervisor/host/watch.ts',
        find: 'reconciled && record.isWritten() && gpus',
        replace: 'reconciled && gpus',
      },
    ],
  },
];

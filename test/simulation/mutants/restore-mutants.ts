import type { Mutant } from './mutant.ts';

/** Mechanisms that matter when a database was set back, or could not be written: each was missing once. */
export const RESTORE_MUTANTS: readonly Mutant[] = [
  {
    name: 'a restored backup is trusted at once',
    breaks: [1],
    within: 0,
    scenario: 'forgotten on another host',
    patches: [{ file: 'src/supervisor/host/barrier.ts', find: 'return !hasForgotten && ', replace: 'return ' }],
  },
  {
    name: 'a case that waits is believed to have no job',
    breaks: [1, 2],
    within: 0,
    scenario: 'forgotten while staged',
    patches: [
      {
        file: 'src/supervisor/host/sweeps/reconcile.ts',
        find: 'if (wasWaiting && isSubmitted(facts))',
        replace: 'if (wasWaiting && facts.token === "" && isSubmitted(facts))',
      },
    ],
  },
  {
    name: 'a freed slot forgets the orphan that sits on it',
    breaks: [2],
    within: 0,
    scenario: 'freed under an orphan',
    patches: [
      {
        file: 'src/store/slots.ts',
        find: 'else quarantineSlot(tx, host, name, orphan',
        replace: 'else if (orphan === undefined) quarantineSlot(tx, host, name, orphan!',
      },
    ],
  },
  {
    name: 'news whose commit failed is told once',
    breaks: [7],
    within: 0,
    scenario: 'news that was not committed',
    patches: [
      {
        file: 'src/supervisor/host/looks.ts',
        find: 'views.delete(asked.id);\n      dispatch(',
        replace: 'views.set(asked.id, view);\n      dispatch(',
      },
    ],
  },
  {
    name: 'that it was never created is proof enough',
    breaks: [2],
    within: 0,
    scenario: 'never created, says the database',
    patches: [
      {
        file: 'src/supervisor/host/sweeps/reconcile.ts',
        find: '(proof === null || isMereWord(proof))',
        replace: 'proof === null',
      },
    ],
  },
];

import type { Mutant } from './mutant.ts';

/** The sizes of trouble (DESIGN.md section 11): what is odd of one attempt stays that attempt's own, and is told. */
export const ODDITY_MUTANTS: readonly Mutant[] = [
  {
    name: 'an attempt that cannot be looked at counts as absent',
    breaks: [1, 2, 3],
    within: 400,
    patches: [
      {
        file: 'test/simulation/commands/facts.ts',
        find: '  const directory = host.directoryOf(token);\n  const hidden',
        replace: '  const directory = host.hides(token) === null ? host.directoryOf(token) : null;\n  const hidden',
      },
    ],
  },
  {
    name: 'an end that cannot be read counts as none',
    breaks: [1, 2, 3],
    within: 400,
    patches: [
      {
        file: 'test/simulation/commands/facts.ts',
        find: "receipt(end, host.isGarbled('end', token)),",
        replace: "receipt(host.isGarbled('end', token) ? null : end, false),",
      },
    ],
  },
  {
    name: 'what a look cannot tell of an attempt is kept to itself',
    breaks: [7],
    within: 400,
    patches: [
      {
        file: 'machines/case.machine.ts',
        find: '({ blind: null, blocked: reason })',
        replace: '({ blind: null, blocked: reason === null ? reason : null })',
      },
    ],
  },
  {
    name: 'what a look cannot tell of one attempt makes its host unreachable',
    breaks: [8],
    within: 400,
    patches: [
      {
        file: 'src/supervisor/host/looks.ts',
        find: "    if (observation.kind === 'unknown') {\n",
        replace:
          "    if (observation.kind === 'unknown') {\n      deps.onBlind({ kind: 'blind', cause: 'garbled', reason: observation.reason });\n",
      },
    ],
  },
  {
    name: 'an attempt that cannot be removed makes its host unreachable',
    breaks: [8],
    within: 400,
    patches: [
      {
        file: 'src/supervisor/host/sweeps/retention.ts',
        find: "        troubles.note(subject, 'unremoved', outcome.reason);\n        return null;",
        replace: "        return { kind: 'blind', cause: 'garbled', reason: outcome.reason };",
      },
    ],
  },
  {
    name: 'an attempt of which nobody can tell whether it is over makes its host unreachable',
    breaks: [8],
    within: 400,
    patches: [
      {
        file: 'src/supervisor/host/sweeps/reconcile.ts',
        find: "          if (verdict.kind === 'alive') continue;\n",
        replace:
          "          if (verdict.kind === 'alive') continue;\n          if (verdict.kind === 'unclear') return { kind: 'blind', cause: 'garbled', reason: verdict.evidence };\n",
      },
    ],
  },
  {
    name: 'a disk here that does not answer makes the host of its case unreachable',
    breaks: [8],
    within: 400,
    patches: [
      {
        file: 'src/supervisor/work/effects.ts',
        find: "    case 'failed':\n      return event({ type: 'upload.failed', message: outcome.message });\n    case 'blocked':\n      return outcome;",
        replace:
          "    case 'failed':\n      return event({ type: 'upload.failed', message: outcome.message });\n    case 'blocked':\n      return { kind: 'blind', cause: 'link', reason: outcome.reason };",
      },
    ],
  },
  {
    name: 'results that cannot be collected make the host of their case unreachable',
    breaks: [8],
    within: 400,
    patches: [
      {
        file: 'src/supervisor/work/effects.ts',
        find: "missingGlobs: row.failure === null ? outcome.missingGlobs : [] });\n    case 'blocked':\n      return outcome;",
        replace:
          "missingGlobs: row.failure === null ? outcome.missingGlobs : [] });\n    case 'blocked':\n      return { kind: 'blind', cause: 'link', reason: outcome.reason };",
      },
    ],
  },
];

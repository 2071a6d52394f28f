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
  {
    name: 'a claim that cannot be written makes its host unreachable',
    breaks: [8],
    within: 0,
    scenario: 'a claim that cannot be written',
    patches: [
      {
        file: 'src/supervisor/work/effects.ts',
        find: "no job of this attempt is there',\n      });\n    case 'not_yet':\n      return { kind: 'blocked', reason: outcome.reason };",
        replace:
          "no job of this attempt is there',\n      });\n    case 'not_yet':\n      return { kind: 'blind', cause: 'garbled', reason: outcome.reason };",
      },
    ],
  },
  {
    name: 'a job that cannot be proven gone yet makes its host unreachable',
    breaks: [8],
    within: 400,
    theme: 'cancelMeetsStart',
    patches: [
      {
        file: 'src/supervisor/work/effects.ts',
        find: "queue: outcome.queue });\n    case 'not_yet':\n      return { kind: 'blocked', reason: outcome.reason };",
        replace:
          "queue: outcome.queue });\n    case 'not_yet':\n      return { kind: 'blind', cause: 'garbled', reason: outcome.reason };",
      },
    ],
  },
  {
    name: 'what cannot be swept makes its host unreachable',
    breaks: [8],
    within: 0,
    scenario: 'what was staged and cannot be removed',
    patches: [
      {
        file: 'src/supervisor/host/sweeps/leftovers.ts',
        find: "      if (swept.kind === 'blind') return swept;",
        replace:
          "      if (swept.kind === 'blind') return swept;\n      if (swept.left.length > 0) return { kind: 'blind', cause: 'garbled', reason: 'it is stuck' };",
      },
    ],
  },
  {
    name: 'an attempt of which nobody can tell ends the reconcile',
    breaks: [8],
    within: 0,
    scenario: 'one of two dead attempts that cannot be looked at',
    patches: [
      {
        file: 'src/supervisor/host/sweeps/reconcile.ts',
        find: "          troubles.note(subjectOf(facts.token), 'unproven', verdict.evidence);\n",
        replace: "          troubles.note(subjectOf(facts.token), 'unproven', verdict.evidence);\n          break;\n",
      },
    ],
  },
  {
    name: 'an attempt that cannot be removed ends the sweep',
    breaks: [8],
    within: 0,
    scenario: 'an attempt that can never be removed',
    patches: [
      {
        file: 'src/supervisor/host/sweeps/retention.ts',
        find: "        stuck.add(token);\n        troubles.note(subject, 'unremoved', outcome.reason);\n",
        replace:
          "        troubles.note(subject, 'unremoved', outcome.reason);\n        throw new Error(outcome.reason);\n",
      },
    ],
  },
  {
    name: 'nobody is told what cannot be removed',
    breaks: [7],
    within: 0,
    scenario: 'an attempt that can never be removed',
    patches: [
      {
        file: 'src/supervisor/host/sweeps/retention.ts',
        find: "        troubles.note(subject, 'unremoved', outcome.reason);\n",
        replace: '',
      },
    ],
  },
  {
    name: 'nobody is told what cannot be proven',
    breaks: [7],
    within: 0,
    scenario: 'a dead attempt on a full disk',
    patches: [
      {
        file: 'src/supervisor/host/sweeps/reconcile.ts',
        find: "          troubles.note(subjectOf(facts.token), 'unproven', verdict.evidence);\n",
        replace: '',
      },
    ],
  },
  {
    name: 'a blocked case holds a staging place',
    breaks: [8],
    within: 0,
    scenario: 'three folders on a disk that does not answer',
    patches: [
      {
        file: 'src/store/cases.ts',
        find: 'count(*) - min(${BLOCKED_SPARED}, coalesce(sum(${cases.blocked} is not null), 0))',
        replace: 'count(*) - min(0 * ${BLOCKED_SPARED}, coalesce(sum(${cases.blocked} is not null), 0))',
      },
    ],
  },
  {
    name: 'a folder whose disk is not mounted counts as deleted',
    breaks: [3],
    within: 0,
    scenario: 'a folder that somebody deleted, and one whose disk is not mounted',
    patches: [
      {
        file: 'src/supervisor/work/effects.ts',
        find: '(await isDeleted(row))',
        replace: '(await isDeleted(row), true)',
      },
    ],
  },
  {
    name: 'a deleted folder is waited for',
    breaks: [7],
    within: 0,
    scenario: 'a folder that somebody deleted, and one whose disk is not mounted',
    patches: [
      {
        file: 'src/supervisor/work/effects.ts',
        find: '(await isDeleted(row))',
        replace: '(await isDeleted(row), false)',
      },
    ],
  },
  {
    name: 'what holds a case up is recorded nowhere',
    breaks: [7],
    within: 400,
    patches: [
      {
        file: 'src/supervisor/case/commit.ts',
        find: "  return noteTrouble(tx, { kind: 'attempt', host: after.host, token: after.token }, 'blocked', after.blocked, at);",
        replace: '  return tx !== null && at > 0;',
      },
    ],
  },
  {
    name: 'what held an attempt up holds the next one up',
    breaks: [7],
    within: 0,
    scenario: 'forgotten while it was held up',
    patches: [
      {
        file: 'src/supervisor/case/admit.ts',
        find: "    endTrouble(tx, { kind: 'attempt', host: row.host, token: row.token }, 'blocked', at);\n",
        replace: '    void at;\n',
      },
    ],
  },
  {
    name: 'what held a case up is never over',
    breaks: [7],
    within: 400,
    patches: [
      {
        file: 'src/supervisor/case/commit.ts',
        find: "    endTrouble(tx, { kind: 'attempt', host: before.host, token: before.token }, 'blocked', at);\n",
        replace: '',
      },
    ],
  },
  {
    name: 'an answer alone heals the host',
    breaks: [8],
    within: 400,
    patches: [
      {
        file: 'machines/link.machine.ts',
        find: 'noteOpened: assign({ retryInMs: 0, reason: null })',
        replace: 'noteOpened: assign({ failures: 0, retryInMs: 0, reason: null })',
      },
    ],
  },
];

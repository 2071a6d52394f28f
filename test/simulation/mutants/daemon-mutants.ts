import type { Mutant } from './mutant.ts';

/** What the supervisor, the machine, the store and the judge do. */
export const DAEMON_MUTANTS: readonly Mutant[] = [
  {
    name: 'the job is released before its id is committed',
    breaks: [4, 5],
    within: 400,
    patches: [
      {
        file: 'src/supervisor/work/effects.ts',
        find: "    case 'created':\n      return event({ type: 'job.created', job: outcome.job });",
        replace:
          "    case 'created':\n      await host.scheduler.release({ token: tokenOf(row), job: outcome.job }, signal);\n      return event({ type: 'job.created', job: outcome.job });",
      },
    ],
  },
  {
    name: "the slot is freed on the queue's word",
    breaks: [2, 3],
    within: 400,
    patches: [
      {
        file: 'src/scheduler/judge.ts',
        find: 'const alive = facts.processes.length > 0;',
        replace:
          "const alive = facts.processes.length > 0;\n  if (queue.kind === 'ended') return { kind: 'ended', end: end.kind === 'present' ? end.value : { kind: 'lost' } };",
      },
    ],
  },
  {
    name: "the slot is freed on stop's exit code",
    breaks: [2, 3],
    within: 400,
    theme: 'cancelMeetsStart',
    patches: [
      { file: 'src/scheduler/proof.ts', find: 'if (processes.length > 0)', replace: 'if (processes.length > 1e9)' },
    ],
  },
  {
    name: 'the end frees the slot, whatever still runs',
    breaks: [2, 3],
    within: 400,
    scenario: 'V5',
    patches: [
      {
        file: 'src/scheduler/judge.ts',
        find: 'const stillThere = alive || ',
        replace: 'const stillThere = ',
      },
    ],
  },
  {
    name: 'slots are leased before the barrier',
    breaks: [1, 2],
    within: 400,
    scenario: 'V7',
    theme: 'interrupted',
    patches: [
      {
        file: 'src/supervisor/supervisor.ts',
        find: 'isReconciled: (host) => barrier.isLifted(host),',
        replace: 'isReconciled: () => true,',
      },
    ],
  },
  {
    name: 'the barrier does not revoke',
    breaks: [1, 2],
    within: 400,
    theme: 'interrupted',
    patches: [
      {
        file: 'src/supervisor/host/sweeps/verdict.ts',
        find: "if (facts.claim.kind === 'absent' && facts.directory === 'present') {",
        replace:
          "if (facts.claim.kind === 'absent' && facts.directory === 'present') {\n    return { kind: 'proven', proof: 'revoked', end: null };",
      },
    ],
  },
  {
    name: 'a case is leased a slot while an earlier attempt of it lacks a proof',
    breaks: [1],
    within: 400,
    scenario: 'V1',
    theme: 'interrupted',
    patches: [
      {
        file: 'src/store/cases.ts',
        find: 'and (${attempts.proof} is null or ${attempts.orphan} is not null)',
        replace: 'and 1 = 0',
      },
    ],
  },
  {
    name: 'a slot is leased while somebody else computes on its GPU',
    breaks: [2],
    within: 400,
    scenario: 'a stranger on the GPU',
    patches: [{ file: 'src/store/slots.ts', find: '        isNull(slots.busy),\n', replace: '' }],
  },
  {
    name: 'the barrier lifts before the GPUs were seen',
    breaks: [2],
    within: 0,
    scenario: 'a stranger that came while nobody looked',
    patches: [{ file: 'src/supervisor/host/watch.ts', find: 'await gpus.probe();', replace: 'void gpus.probe();' }],
  },
  {
    name: 'an old look speaks for a new job',
    breaks: [2, 3, 6],
    within: 400,
    theme: 'slowLooks',
    patches: [
      {
        file: 'src/supervisor/host/looks.ts',
        find: 'if (now === null || now.entry !== asked.entry) return;',
        replace: 'if (now === null) return;',
      },
      {
        file: 'src/supervisor/host/looks.ts',
        find: '{ entry: asked.entry, also: (tx) => rememberClaim(tx, facts) }',
        replace: '{ also: (tx) => rememberClaim(tx, facts) }',
      },
    ],
  },
  {
    name: 'blind time is counted',
    breaks: [3],
    within: 400,
    from: 125,
    patches: [
      {
        file: 'machines/case.context.ts',
        find: 'return context.blind === null ? Math.max(0, sinceMs ?? 0) : 0;',
        replace: 'return Math.max(0, sinceMs ?? 0);',
      },
      { file: 'src/supervisor/host/looks.ts', find: 'spells += 1;\n      endViews();', replace: '' },
      {
        file: 'src/supervisor/host/looks.ts',
        find: 'endViews();\n      return deps.onBlind(look);',
        replace: 'return deps.onBlind(look);',
      },
    ],
  },
  {
    name: 'a view begins before its first look has seen anything',
    breaks: [3],
    within: 400,
    theme: 'slowLooks',
    patches: [
      {
        file: 'src/supervisor/host/looks.ts',
        find: 'atMs: sinceMs === null ? clock.monotonic() : atMs,',
        replace: 'atMs,',
      },
    ],
  },
  {
    name: 'time at work is counted as lingering',
    breaks: [3],
    within: 400,
    patches: [
      {
        file: 'src/supervisor/host/looks.ts',
        find: 'commitPending(asked.id, before);',
        replace: '',
      },
      {
        file: 'src/supervisor/host/looks.ts',
        find: 'pendingMs: sinceMs === null ? 0 : before!.pendingMs + sinceMs,',
        replace: 'pendingMs: (before?.pendingMs ?? 0) + (sinceMs ?? 0),',
      },
      {
        file: 'src/supervisor/host/looks.ts',
        find: 'sinceMs: sinceMs === null ? null : view.pendingMs,',
        replace: 'sinceMs: view.pendingMs,',
      },
    ],
  },
  {
    name: 'what is in submitting at a start-up goes on',
    breaks: [5],
    within: 400,
    patches: [
      {
        file: 'src/supervisor/rehydrate.ts',
        find: "for (const row of live.all()) dispatch(row.id, { type: 'daemon.restarted' });",
        replace: '',
      },
    ],
  },
  {
    name: 'any exit code is a success',
    breaks: [6],
    within: 400,
    patches: [
      { file: 'machines/case.failures.ts', find: 'return end.exitCode === 0 ?', replace: 'return end.exitCode >= 0 ?' },
    ],
  },
  {
    name: 'results that match nothing are a success',
    breaks: [6],
    within: 400,
    patches: [
      {
        file: 'machines/case.machine.ts',
        find: 'context.failure === null && missingGlobs.length === 0',
        replace: 'context.failure === null || missingGlobs.length === 0',
      },
    ],
  },
  {
    name: "results are collected into the case's own folder",
    breaks: [6],
    within: 400,
    patches: [
      {
        file: 'src/supervisor/work/effects.ts',
        find: '    results,\n    target:',
        replace: '    results: row.path,\n    target:',
      },
    ],
  },
  {
    name: 'a job that the queue forgot before its release is waited for',
    breaks: [7],
    within: 400,
    scenario: 'V4',
    theme: 'lostBeforeRelease',
    patches: [
      {
        file: 'machines/case.machine.ts',
        find: "{ guard: 'seesMissing', target: 'stopping', actions: ['stopMissing', 'noteSeen'] },\n              { guard: 'seesHeld', actions: 'clearBlind' },",
        replace: "{ guard: 'seesHeld', actions: 'clearBlind' },",
      },
    ],
  },
  {
    name: 'mqi why does not say what holds a case back',
    breaks: [7],
    within: 400,
    theme: 'interrupted',
    patches: [{ file: 'src/views/why/live.ts', find: '    heldBack(facts) ??\n', replace: '' }],
  },
  {
    name: 'mqi why does not say that a case is unreachable',
    breaks: [7],
    within: 400,
    patches: [{ file: 'src/views/why/live.ts', find: '    unreachable(facts) ??\n', replace: '' }],
  },
  {
    name: 'mqi why forgets why a case has failed',
    breaks: [7],
    within: 400,
    patches: [
      {
        file: 'src/views/why/final.ts',
        find: "${failure?.kind ?? 'unknown'}): ${failure?.message ?? 'no reason was recorded'}",
        replace: 'in some way)',
      },
    ],
  },
];

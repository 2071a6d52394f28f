import type { Mutant } from './mutant.ts';

/** What the commands and the job script do on the host. */
export const HOST_MUTANTS: readonly Mutant[] = [
  {
    name: 'the job is created without hold',
    breaks: [4, 5],
    within: 400,
    patches: [
      {
        file: 'test/simulation/commands/create.ts',
        find: 'return SimQueue.jobOf(host.queue.add(token, group));',
        replace: 'const entry = host.queue.add(token, group); host.queue.release(entry); return SimQueue.jobOf(entry);',
      },
    ],
  },
  {
    name: 'the job script claims nothing',
    breaks: [1, 2, 3],
    within: 400,
    theme: 'startsTwice',
    patches: [
      {
        file: 'test/simulation/host/job-run.ts',
        find: 'if (directory.claim !== null) return this.#leave(LOST);',
        replace: '',
      },
    ],
  },
  {
    name: 'a folder that changed since it was admitted is sent',
    breaks: [6],
    within: 400,
    from: 140,
    patches: [
      {
        file: 'test/simulation/ports/sim-transport.ts',
        find: 'if (this.#folders.fingerprintOf(folder) !== fingerprint)\n',
        replace: 'if (fingerprint === null)\n',
      },
      {
        file: 'test/simulation/ports/sim-transport.ts',
        find: 'return this.#folders.fingerprintOf(folder) === fingerprint\n',
        replace: 'return fingerprint !== null\n',
      },
    ],
  },
  {
    name: 'a root that is not mounted counts as empty',
    breaks: [3],
    within: 400,
    from: 65,
    patches: [
      {
        file: 'test/simulation/host/sim-host.ts',
        find: "if (!this.mounted) throw new HostProblem('garbled', `the root is not there on ${this.name}`);",
        replace: '',
      },
    ],
  },
  {
    name: 'confirming does not revoke',
    breaks: [2, 3],
    within: 400,
    from: 95,
    theme: 'lateCreate',
    patches: [
      {
        file: 'test/simulation/commands/find.ts',
        find: 'if (job === null && directory !== null) {',
        replace: 'if (false as boolean) {',
      },
      {
        file: 'src/scheduler/submit.ts',
        find: "return job === null ? { kind: 'not_yet', reason: UNCLAIMABLE } : found;",
        replace: "return job === null ? { kind: 'absent' } : found;",
      },
    ],
  },
  {
    name: 'stop does not revoke',
    breaks: [2, 3],
    within: 400,
    theme: 'lateRelease',
    patches: [
      {
        file: 'test/simulation/commands/stop.ts',
        find: 'if (directory !== null) yield* take(host, directory, why);\n  withdraw',
        replace: 'withdraw',
      },
      {
        file: 'src/scheduler/proof.ts',
        find: "if (claim.kind === 'absent') return notYet(UNCLAIMABLE);",
        replace: "if (claim.kind === 'absent') return { kind: 'gone' };",
      },
    ],
  },
  {
    name: 'stop looks before it revokes',
    breaks: [2, 3],
    within: 400,
    from: 115,
    theme: 'cancelMeetsStart',
    patches: [
      {
        file: 'test/simulation/commands/stop.ts',
        find: 'if (directory !== null) yield* take(host, directory, why);\n  withdraw',
        replace: `const early = pidsOf(scan(host, [attempt.token]), attempt.token);
  yield;
  if (early.length === 0) {
    const seen = yield* report(host, attempt.token);
    if (directory !== null) yield* take(host, directory, why);
    const claim = directory?.claim == null ? seen.facts.claim : { kind: 'present' as const, value: directory.claim.value };
    return { ...seen, facts: { ...seen.facts, claim } };
  }
  if (directory !== null) yield* take(host, directory, why);
  withdraw`,
      },
    ],
  },
  {
    name: 'a command acts by id without the token',
    breaks: [1],
    within: 400,
    scenario: 'V2',
    theme: 'idsAreUsedAgain',
    patches: [
      {
        file: 'test/simulation/host/sim-queue.ts',
        find: 'return entry !== null && entry.token === token && entry.createdAt === job.createdAt ? entry : null;',
        replace: 'return entry;',
      },
      {
        file: 'test/simulation/commands/take-out.ts',
        find: 'filter((entry) => entry.token === token)',
        replace: 'filter((entry) => (job?.id == null ? entry.token === token : String(entry.id) === job.id))',
      },
      {
        file: 'test/simulation/commands/take-out.ts',
        find: '{ token }: AttemptRef',
        replace: '{ token, job }: AttemptRef',
      },
    ],
  },
  {
    name: 'a job that is claimed, and not in the queue, counts as absent',
    breaks: [2, 3],
    within: 0,
    scenario: 'V3',
    patches: [
      {
        file: 'src/scheduler/submit.ts',
        find: "if (claim.kind === 'present' && claim.value.by === 'job') return found;",
        replace: '',
      },
    ],
  },
  {
    name: 'a look reads the processes before the receipts',
    breaks: [3],
    within: 400,
    from: 105,
    theme: 'slowLooks',
    patches: [
      {
        file: 'test/simulation/commands/look.ts',
        find: 'const queue = readQueue(host);',
        replace: 'const queue = readQueue(host);\n  const early = scan(host, tokens);',
      },
      {
        file: 'test/simulation/commands/look.ts',
        find: 'const now = scan(host, tokens);',
        replace: 'const now = round === 1 ? early : scan(host, tokens);',
      },
    ],
  },
  {
    name: 'a receipt is relied on before it is flushed',
    breaks: [1, 2],
    within: 400,
    scenario: 'V6',
    theme: 'idsBeginAnew',
    patches: [
      {
        file: 'test/simulation/commands/receipts.ts',
        find: 'if (directory.claim !== null) directory.claim.synced = true;',
        replace: '',
      },
      {
        file: 'test/simulation/commands/find.ts',
        find: 'if (directory?.claim != null && host.hides(token) === null) directory.claim.synced = true;',
        replace: '',
      },
    ],
  },
];

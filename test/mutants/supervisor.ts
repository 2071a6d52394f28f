/** Small wrong changes of the supervisor and the store; each must turn a test red. */
interface Mutant {
  readonly name: string;
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  readonly tests: readonly string[];
}

const SWEEPS = 'src/supervisor/host/sweeps';
const WORK = 'src/supervisor/work';
const RECONCILE = ['test/supervisor/host/sweeps/reconcile.test.ts'];
const RETENTION = ['test/supervisor/host/sweeps/retention.test.ts'];
const LEFTOVERS = ['test/supervisor/host/sweeps/leftovers.test.ts'];
const GPUS = ['test/supervisor/host/sweeps/gpus.test.ts'];
const RUNNER = ['test/supervisor/work/runner.test.ts'];
const DISPATCHER = ['test/supervisor/work/dispatcher.test.ts'];
const LOOKS = ['test/supervisor/host/looks.test.ts'];
const LINK = ['test/supervisor/host/link.test.ts'];
const RECORD = ['test/supervisor/host/record.test.ts'];
const BARRIER = ['test/supervisor/host/barrier.test.ts'];
const WATCH = ['test/supervisor/host/watch.test.ts'];
const ROOT = ['test/supervisor/host/changed-root.test.ts'];
const SLOTS = ['test/store/slots.test.ts'];
const SPELLS = ['test/store/spells.test.ts'];
const TROUBLES = ['test/store/troubles.test.ts'];
const RECORDER = ['test/supervisor/troubles.test.ts'];

export const SUPERVISOR_MUTANTS: readonly Mutant[] = [
  {
    name: 'an attempt that cannot be read is judged by what seems to be absent',
    file: `${SWEEPS}/verdict.ts`,
    find: "if (facts.unreadable !== null) return { kind: 'unclear', evidence: facts.unreadable };",
    replace: '',
    tests: RECONCILE,
  },
  {
    name: 'an attempt that cannot be revoked yet counts as revoked',
    file: `${SWEEPS}/verdict.ts`,
    find: "    if (outcome.kind === 'not_yet') return { kind: 'unclear', evidence: outcome.reason };\n    return outcome.kind === 'blind' ? outcome : { kind: 'alive'",
    replace:
      "    if (outcome.kind === 'not_yet') return { kind: 'proven', proof: 'revoked', end: null };\n    return outcome.kind === 'blind' ? outcome : { kind: 'alive'",
    tests: RECONCILE,
  },
  {
    name: 'an attempt of which nobody can tell is not named',
    file: `${SWEEPS}/reconcile.ts`,
    find: "troubles.note(subjectOf(facts.token), 'unproven', verdict.evidence);",
    replace: '',
    tests: RECONCILE,
  },
  {
    name: 'what was named is named for ever, though somebody else has proven it',
    file: `${SWEEPS}/reconcile.ts`,
    find: "for (const token of told) if (!unclear.includes(token)) troubles.over(subjectOf(token), 'unproven');",
    replace: '',
    tests: RECONCILE,
  },
  {
    name: 'one attempt that is met by a defect holds up the others',
    file: `${SWEEPS}/reconcile.ts`,
    find: 'broken.push(error);',
    replace: 'throw error;',
    tests: RECONCILE,
  },
  {
    name: 'the barrier is lifted though what was found is not recorded',
    file: `${SWEEPS}/reconcile.ts`,
    find: 'if (broken.length > 0) throw new Error(reasonOf(broken[0]));',
    replace: '',
    tests: RECONCILE,
  },
  {
    name: 'an orphan that sits on no slot takes each that is given back',
    file: `${SWEEPS}/reconcile.ts`,
    find: 'orphan: slots.length === 0 ? (row?.orphan ?? null) : verdict.evidence,',
    replace: 'orphan: verdict.evidence,',
    tests: RECONCILE,
  },
  {
    name: 'one whose slot nobody knows quarantines none',
    file: `${SWEEPS}/reconcile.ts`,
    find: 'return exists ? host.slots : [];',
    replace: 'return [];',
    tests: RECONCILE,
  },
  {
    name: 'an orphan is logged at each sweep',
    file: `${SWEEPS}/reconcile.ts`,
    find: 'else if (verdict.evidence !== before) log.warn',
    replace: 'else log.warn',
    tests: RECONCILE,
  },
  {
    name: 'a job that the database never submitted, and that ran, holds nothing back',
    file: `${SWEEPS}/reconcile.ts`,
    find: "const forgotten = row === null || row.slot === null || row.orphan !== null || row.proof === 'never_created';",
    replace: 'const forgotten = row?.orphan != null;',
    tests: RECONCILE,
  },
  {
    name: "an operator's word does not count against what is unclear",
    file: `${SWEEPS}/reconcile.ts`,
    find: "return readAttempt(store.db, facts.token)?.proof === 'operator' && !isAtWork(facts, look.node);",
    replace: 'return look.node === null;',
    tests: RECONCILE,
  },
  {
    name: 'an attempt that is seen at work is kept from before that',
    file: `${SWEEPS}/reconcile.ts`,
    find: '      keptFromMs: null,\n',
    replace: '',
    tests: RECONCILE,
  },
  {
    name: 'a host that cannot be seen is judged on as if it were one odd attempt',
    file: `${SWEEPS}/reconcile.ts`,
    find: "          if (verdict.kind === 'blind') return verdict;\n",
    replace: "          if (verdict.kind === 'blind') continue;\n",
    tests: RECONCILE,
  },
  {
    name: 'what lies staged for a case that is being created is swept',
    file: `${SWEEPS}/owner.ts`,
    find: '!isFinal(row.state)',
    replace: "row.state === 'submitted'",
    tests: LEFTOVERS,
  },
  {
    name: 'a leftover that has gone is named for ever',
    file: `${SWEEPS}/leftovers.ts`,
    find: "for (const token of told) if (!left.includes(token)) troubles.over(subjectOf(token), 'unswept');",
    replace: '',
    tests: LEFTOVERS,
  },
  {
    name: 'an attempt that cannot be removed counts as removed',
    file: `${SWEEPS}/retention.ts`,
    find: "        stuck.add(token);\n        troubles.note(subject, 'unremoved', outcome.reason);\n        return null;",
    replace: '        store.write((tx) => updateAttempt(tx, token, { removedAt: clock.now() }));\n        return null;',
    tests: RETENTION,
  },
  {
    name: 'fifty that cannot be removed keep the next one waiting for ever',
    file: `${SWEEPS}/retention.ts`,
    find: 'const fresh = rows.filter(({ token }) => !stuck.has(token)).slice(0, MOST_A_SWEEP);',
    replace: 'const fresh = rows.slice(0, MOST_A_SWEEP);',
    tests: RETENTION,
  },
  {
    name: 'what could not be removed once is never tried again',
    file: `${SWEEPS}/retention.ts`,
    find: 'return [...fresh, ...again];',
    replace: 'return [...fresh];',
    tests: RETENTION,
  },
  {
    name: 'the age of an attempt is that of the wall clock',
    file: `${SWEEPS}/retention.ts`,
    find: 'const ranMs = running.now();',
    replace: 'const ranMs = clock.now();',
    tests: RETENTION,
  },
  {
    name: 'keep.completed and keep.failed are exchanged',
    file: `${SWEEPS}/retention.ts`,
    find: 'ranMs - completedMs, ranMs - failedMs',
    replace: 'ranMs - failedMs, ranMs - completedMs',
    tests: RETENTION,
  },
  {
    name: 'time that ran before a restart is forgotten',
    file: 'src/store/running-time.ts',
    find: 'return Number.isSafeInteger(saved) && saved > 0 ? saved : 0;',
    replace: 'return Math.min(saved, 0);',
    tests: RETENTION,
  },
  {
    name: 'an orphan whose case has not failed is removed when it is old',
    file: 'src/store/attempts.ts',
    find: '  or(isNull(attempts.orphan), isNotNull(attempts.failure)),\n',
    replace: '',
    tests: RETENTION,
  },
  {
    name: 'an attempt without a time of its end goes as one that completed',
    file: 'src/store/attempts.ts',
    find: '            isNotNull(attempts.endedAt),\n',
    replace: '',
    tests: RETENTION,
  },
  {
    name: 'somebody else on the GPU is not written down',
    file: `${SWEEPS}/gpus.ts`,
    find: 'for (const { name, busy } of changes) noteBusy(tx, host.name, name, busy);',
    replace: '',
    tests: GPUS,
  },
  {
    name: 'a driver that cannot tell is not asked again',
    file: `${SWEEPS}/gpus.ts`,
    find: '        notices = [outcome.reason];\n        return again(PROBE_EVERY_MS);',
    replace: '        notices = [outcome.reason];\n        return;',
    tests: GPUS,
  },
  {
    name: 'eight stops that hang keep a release waiting',
    file: `${WORK}/runner.ts`,
    find: "stop: 'stops',",
    replace: "stop: 'commands',",
    tests: RUNNER,
  },
  {
    name: 'what hangs each time keeps a new stop waiting for ever',
    file: `${WORK}/runner.ts`,
    find: '.sort((a, b) => triesOf(a) - triesOf(b))',
    replace: '',
    tests: RUNNER,
  },
  {
    name: 'the pauses between tries do not grow',
    file: `${WORK}/runner.ts`,
    find: 'BACKOFF_MS.first * 2 ** Math.min(tries - 1, 10)',
    replace: 'BACKOFF_MS.first',
    tests: RUNNER,
  },
  {
    name: 'work whose phase is past goes on',
    file: `${WORK}/runner.ts`,
    find: 'if (work.entry !== row?.entry) work.abort.abort();',
    replace: '',
    tests: RUNNER,
  },
  {
    name: 'an outcome is lost to a full disk',
    file: `${WORK}/runner.ts`,
    find: '        if (draining) return;\n',
    replace: '        return;\n',
    tests: RUNNER,
  },
  {
    name: 'a stop of the daemon calls a creation off at once',
    file: `${WORK}/runner.ts`,
    find: "abortAll(['create', 'find']);",
    replace: 'abortAll([]);',
    tests: RUNNER,
  },
  {
    name: 'of two hosts the next case goes to the one with fewer free places',
    file: `${WORK}/dispatcher.ts`,
    find: '.sort((a, b) => b.places - a.places)',
    replace: '.sort((a, b) => a.places - b.places)',
    tests: DISPATCHER,
  },
  {
    name: 'slots are leased behind the barrier',
    file: `${WORK}/dispatcher.ts`,
    find: ' || !isReconciled(host.name)',
    replace: '',
    tests: DISPATCHER,
  },
  {
    name: 'a case is staged where there is no place',
    file: `${WORK}/dispatcher.ts`,
    find: '.filter(({ places }) => places > 0)',
    replace: '',
    tests: DISPATCHER,
  },
  {
    name: 'an orphan of a case, ended or not, does not hold it back',
    file: 'src/store/cases.ts',
    find: '(${attempts.proof} is null or ${attempts.orphan} is not null)',
    replace: '${attempts.proof} is null',
    tests: DISPATCHER,
  },
  {
    name: 'a busy slot is leased',
    file: 'src/store/slots.ts',
    find: '        isNull(slots.busy),\n',
    replace: '',
    tests: DISPATCHER,
  },
  {
    name: 'after a restored backup a host is given work before the others were judged',
    file: 'src/supervisor/host/barrier.ts',
    find: 'return !hasForgotten && watches',
    replace: 'return watches',
    tests: BARRIER,
  },
  {
    name: 'the next daemon does not know that its database was restored',
    file: 'src/supervisor/host/barrier.ts',
    find: '![...watches.values()].every((watch)',
    replace: '![...watches.values()].some((watch)',
    tests: BARRIER,
  },
  {
    name: 'what a sweep could not see before its host was lost loses the host again',
    file: 'src/supervisor/host/watch.ts',
    find: "      if (isOld()) return;\n      if (outcome.kind === 'blind')",
    replace: "      if (outcome.kind === 'blind')",
    tests: WATCH,
  },
  {
    name: 'leftovers that are removed slowly hold up the barrier',
    file: 'src/supervisor/host/watch.ts',
    find: '      reconciled = everReconciled = true;\n',
    replace: '      await leftovers.runOnce(outcome.staging);\n      reconciled = everReconciled = true;\n',
    tests: WATCH,
  },
  {
    name: 'a host that cannot be reconciled stays online',
    file: 'src/supervisor/host/watch.ts',
    find: "if (outcome.kind === 'blind') return link.lost(outcome);",
    replace: "if (outcome.kind === 'blind') return;",
    tests: WATCH,
  },
  {
    name: 'a root is worked in though it lacks what counts',
    file: 'src/supervisor/host/changed-root.ts',
    find: 'if (!left.tokens.every((token) => there.has(token))) return changed(host, left);',
    replace: '',
    tests: ROOT,
  },
  {
    name: 'a root is worked in though it is a copy',
    file: 'src/supervisor/host/changed-root.ts',
    find: 'return copied.tokens.length === 0\n',
    replace: 'return copied.tokens.length >= 0\n',
    tests: ROOT,
  },
  {
    name: 'what lies staged does not tell that a host was renamed',
    file: 'src/supervisor/host/changed-root.ts',
    find: 'new Set([...listed.staging, ...listed.attempts',
    replace: 'new Set([...listed.attempts',
    tests: ROOT,
  },
  {
    name: 'a slot that left the configuration stays when it is given back',
    file: 'src/store/slots.ts',
    find: 'if (orphan === null) forgetLeft(tx, host, name);',
    replace: 'if (orphan === null) continue;',
    tests: SLOTS,
  },
  {
    name: 'a slot that is given back does not go to the orphan on it',
    file: 'src/store/slots.ts',
    find: 'else quarantineSlot(tx, host, name, orphan.token, orphanReason(orphan.token, orphan.orphan!), at);',
    replace: '',
    tests: SLOTS,
  },
  {
    name: 'two good looks an hour apart count as an hour',
    file: 'src/supervisor/host/looks.ts',
    find: 'return Math.min(atMs - before.atMs, COUNTED_INTERVALS * host.observeEveryMs);',
    replace: 'return atMs - before.atMs;',
    tests: LOOKS,
  },
  {
    name: 'what was seen of a job before an unreachable spell is lost',
    file: 'src/supervisor/host/looks.ts',
    find: '        commitPending(caseId, view);\n      } catch',
    replace: '      } catch',
    tests: LOOKS,
  },
  {
    name: 'a reason that nobody can tell how a job is is dropped',
    file: 'src/supervisor/host/looks.ts',
    find: 'if (now.blocked !== observation.reason || now.blindCause !== null) {',
    replace: 'if (now.blindCause !== null) {',
    tests: LOOKS,
  },
  {
    name: 'an answer alone heals a link',
    file: 'machines/link.machine.ts',
    find: 'noteOpened: assign({ retryInMs: 0, reason: null }),',
    replace: 'noteOpened: assign({ retryInMs: 0, reason: null, failures: 0 }),',
    tests: LINK,
  },
  {
    name: 'a reconcile does not heal a link',
    file: 'machines/link.machine.ts',
    find: 'noteProven: assign({ failures: 0 }),',
    replace: 'noteProven: assign({ reason: null }),',
    tests: LINK,
  },
  {
    name: 'each time that a host is lost again its spell begins anew',
    file: 'src/supervisor/host/record.ts',
    find: 'const since = before?.cause == null ? at : before.since;',
    replace: 'const since = at;',
    tests: RECORD,
  },
  {
    name: 'a host is well again as soon as it answers',
    file: 'src/supervisor/host/record.ts',
    find: "        state: 'online',\n        ...(isNew",
    replace: "        state: 'online',\n        cause: null,\n        ...(isNew",
    tests: RECORD,
  },
  {
    name: 'what a full disk kept from being written of a host is never written',
    file: 'src/supervisor/host/record.ts',
    find: 'owed = { ...owed, ...change };',
    replace: 'owed = { ...change };',
    tests: RECORD,
  },
  {
    name: 'a host that flickers begins a spell each time',
    file: 'src/store/spells.ts',
    find: 'at - before.endedAt >= SAME_SPELL_MS',
    replace: 'at >= before.endedAt',
    tests: SPELLS,
  },
  {
    name: 'a trouble that comes again begins anew',
    file: 'src/store/troubles.ts',
    find: 'since: goesOn ? before.since : at,',
    replace: 'since: at,',
    tests: TROUBLES,
  },
  {
    name: 'what a full disk kept from being written of a trouble is never written',
    file: 'src/supervisor/troubles.ts',
    find: '      // the log has it, and the next one tries again\n',
    replace: '      for (const [, trouble] of owed) trouble.isOwed = false;\n',
    tests: RECORDER,
  },
  {
    name: 'a trouble that lasts is logged each time that it is met',
    file: 'src/supervisor/troubles.ts',
    find: 'const isNew = before === undefined || before.isOver || before.reason !== reason;',
    replace: 'const isNew = true;',
    tests: RECORDER,
  },
];

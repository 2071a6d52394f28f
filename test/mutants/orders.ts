/** Small wrong changes of the orders' room, of a kind that a tired developer makes; each must turn a test red. */
interface Mutant {
  readonly name: string;
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  readonly tests: readonly string[];
}

const ROOM = 'src/supervisor/orders';
const RETRY = ['test/supervisor/orders/retry.test.ts'];
const ORDERS = ['test/supervisor/orders/orders.test.ts'];
const SUBJECT = ['test/supervisor/orders/subject.test.ts'];
const CLEAR = ['test/supervisor/orders/clear.test.ts'];
const KILL = ['test/supervisor/orders/kill.test.ts'];
const TAKEOVER = ['test/supervisor/orders/takeover.test.ts'];
const ADMIT = ['test/supervisor/orders/admit.test.ts'];

export const ORDERS_MUTANTS: readonly Mutant[] = [
  {
    name: 'a cancel of a case whose folder is being read waits for the retry',
    file: `${ROOM}/orders.ts`,
    find: "const callsOff = order.kind === 'cancel' || order.kind === 'abandon';",
    replace: 'const callsOff = false;',
    tests: RETRY,
  },
  {
    name: 'a retry that is called off is not broken off',
    file: `${ROOM}/orders.ts`,
    find: 'workshop.abort(retry.id);',
    replace: '',
    tests: RETRY,
  },
  {
    name: 'a retry that is called off is closed as refused',
    file: `${ROOM}/quick/call-off.ts`,
    find: "closeOrder(tx, retry.id, 'cancelled', who, at)",
    replace: "closeOrder(tx, retry.id, 'refused', who, at)",
    tests: RETRY,
  },
  {
    name: 'orders about one case overtake each other',
    file: `${ROOM}/subject.ts`,
    find: 'owns: [`case/${order.caseId}`]',
    replace: 'owns: []',
    tests: RETRY,
  },
  {
    name: 'two folders are read at once',
    file: `${ROOM}/workshop.ts`,
    find: 'retry: 1,',
    replace: 'retry: 2,',
    tests: RETRY,
  },
  {
    name: 'the next deed begins only when its round is due',
    file: `${ROOM}/workshop.ts`,
    find: '      deps.onMore();\n',
    replace: '',
    tests: RETRY,
  },
  {
    name: 'a stop breaks no deed off',
    file: `${ROOM}/workshop.ts`,
    find: 'for (const { deed } of atWork.values()) deed.abort();',
    replace: '',
    tests: RETRY,
  },
  {
    name: 'an open order is taken up again at once, however it was answered',
    file: `${ROOM}/workshop.ts`,
    find: 'clock.monotonic() + outcome.againAfterMs',
    replace: 'clock.monotonic()',
    tests: RETRY,
  },
  {
    name: 'progress is written each time',
    file: `${ROOM}/deed.ts`,
    find: 'nowMs - written.atMs >= WRITE_EVERY_MS',
    replace: 'nowMs >= written.atMs',
    tests: RETRY,
  },
  {
    name: 'a deed that does something else now says so only after a second',
    file: `${ROOM}/deed.ts`,
    find: 'written.doing !== now.doing ||',
    replace: '',
    tests: RETRY,
  },
  {
    name: 'nobody hears of a folder that has not moved',
    file: `${ROOM}/deed.ts`,
    find: 'if (cancelWatch === null) watch(STANDING_MS);',
    replace: '',
    tests: RETRY,
  },
  {
    name: 'a case that moved on while its folder was read is retried all the same',
    file: `${ROOM}/deeds/retry.ts`,
    find: 'if (now?.entry !== before.entry) return null;',
    replace: 'if (now === null) return null;',
    tests: RETRY,
  },
  {
    name: 'a case that is under way is retried',
    file: `${ROOM}/deeds/retry.ts`,
    find: 'if (!isFinal(before.state) && !isHeld && before.setAside === null) {',
    replace: 'if (before.setAside !== null) {',
    tests: RETRY,
  },
  {
    name: 'a disk that says no refuses the retry',
    file: `${ROOM}/deeds/retry.ts`,
    find: "    case 'blind':\n",
    replace: "    case 'blind':\n      return refused(book, row, folder.reason);\n",
    tests: RETRY,
  },
  {
    name: 'a closed order is done once more',
    file: `${ROOM}/book.ts`,
    find: "if (!closeOrder(tx, row.id, 'done', message, clock.now())) throw",
    replace: "if (!closeOrder(tx, row.id, 'done', message, clock.now()) && row.id < 0) throw",
    tests: RETRY,
  },
  {
    name: 'the outcome of an order is written a second time',
    file: 'src/store/orders.ts',
    find: ".where(and(eq(orders.id, sql.placeholder('id')), isNull(orders.handledAt)))",
    replace: ".where(eq(orders.id, sql.placeholder('id')))",
    tests: RETRY,
  },
  {
    name: 'a full disk refuses an order',
    file: `${ROOM}/orders.ts`,
    find: 'if (isOfStore(error)) return keptOpen(row, error);',
    replace: '',
    tests: ORDERS,
  },
  {
    name: 'an order that the database did not take is no trouble',
    file: `${ROOM}/orders.ts`,
    find: 'failing.set(row.id, error);',
    replace: '',
    tests: ORDERS,
  },
  {
    name: 'an order that the database did not take is overtaken by the next one about its case',
    file: `${ROOM}/orders.ts`,
    find: 'if (failing.has(row.id)) line.add(subject, row);',
    replace: '',
    tests: ORDERS,
  },
  {
    name: 'a second cancel says that it called off what the first one had',
    file: `${ROOM}/quick/call-off.ts`,
    find: 'if (closed.length === 0 || found === null',
    replace: 'if (found === null',
    tests: RETRY,
  },
  {
    name: 'a cancel of a case that waits calls its retry off, and leaves the case waiting',
    file: `${ROOM}/quick/call-off.ts`,
    find: 'found === null || !isFinal(found.state)) return false;',
    replace: 'found === null) return false;',
    tests: RETRY,
  },
  {
    name: 'all open orders are carried out in one round',
    file: `${ROOM}/orders.ts`,
    find: 'const MOST_A_ROUND = 50;',
    replace: 'const MOST_A_ROUND = 5_000;',
    tests: ORDERS,
  },
  {
    name: 'a slot is cleared while the look of its host fails',
    file: `${ROOM}/deeds/clear.ts`,
    find: "if (look.kind === 'blind') return `",
    replace: "if (look.kind === 'blind') return null; if (look.node.name === '') return `",
    tests: CLEAR,
  },
  {
    name: 'a slot that changed during the look is cleared',
    file: `${ROOM}/deeds/clear.ts`,
    find: "if (slot?.state !== 'quarantined' || slot.token !== token) return false;",
    replace: '',
    tests: CLEAR,
  },
  {
    name: 'a stop refuses a slots clear',
    file: `${ROOM}/deeds/clear.ts`,
    find: '  if (deed.signal.aborted) return SOON;\n',
    replace: '',
    tests: CLEAR,
  },
  {
    name: 'a slot of a host that nobody has reached yet is cleared at the word of an operator',
    file: `${ROOM}/deeds/clear.ts`,
    find: '  if (hosts.isAwaited(slot.host)) return SOON;\n',
    replace: '',
    tests: CLEAR,
  },
  {
    name: 'an orphan that is not proven gone counts as gone',
    file: `${ROOM}/deeds/kill.ts`,
    find: "if (outcome.kind !== 'gone') {",
    replace: "if (outcome.kind === 'blind') {",
    tests: KILL,
  },
  {
    name: 'a stop refuses the kill of an orphan',
    file: `${ROOM}/deeds/kill.ts`,
    find: '    if (deed.signal.aborted) return SOON;\n',
    replace: '',
    tests: KILL,
  },
  {
    name: 'an orphan is ended while its host is taken over',
    file: `${ROOM}/subject.ts`,
    find: '    for (const key of shares) put(this.#sharers, key, item);\n',
    replace: '',
    tests: SUBJECT,
  },
  {
    name: 'a slot is cleared while its orphan is being ended',
    file: `${ROOM}/subject.ts`,
    find: 'for (const key of [...owns, ...shares])',
    replace: 'for (const key of shares)',
    tests: KILL,
  },
  {
    name: 'a root that lacks what lies in the old one is taken over',
    file: `${ROOM}/deeds/takeover.ts`,
    find: 'if (left !== null) return',
    replace: 'if (left !== null && left.tokens.length === 0) return',
    tests: TAKEOVER,
  },
  {
    name: 'a renamed host is worked in after a takeover',
    file: `${ROOM}/deeds/takeover.ts`,
    find: 'if (renamed !== null) return',
    replace: "if (renamed?.cause === 'link') return",
    tests: TAKEOVER,
  },
  {
    name: 'an order to admit that was done before a restart is called refused',
    file: `${ROOM}/deeds/admit.ts`,
    find: 'const wasBegun = row.startedAt !== null;',
    replace: 'const wasBegun = false;',
    tests: ADMIT,
  },
  {
    name: 'the turn is free while a read that nobody waits for is still under way',
    file: 'src/intake/turn.ts',
    find: "return (await orAborted(task, signal)) ? { kind: 'stopped' } : task;",
    replace: "if (await orAborted(task, signal)) { over(); return { kind: 'stopped' }; } return task;",
    tests: ['test/intake/turn.test.ts'],
  },
  {
    name: 'a folder that an operator admitted is forgotten by a restart before its first look',
    file: 'src/intake/rescan.ts',
    find: "if (row !== undefined && row.state !== 'settling' && hasStamp(row.signature, stamp)) return true;",
    replace: 'if (row !== undefined && hasStamp(row.signature, stamp)) return true;',
    tests: ['test/intake/history.test.ts'],
  },
];

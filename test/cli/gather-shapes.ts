import { insertAttempt, updateAttempt } from '../../src/store/attempts.ts';
import { writeCandidate } from '../../src/store/candidates.ts';
import { insertDelivery, insertIncident, updateDelivery } from '../../src/store/incidents.ts';
import { quarantineSlot } from '../../src/store/slots.ts';
import { testSite } from './site.ts';
import type { TestSite } from './site.ts';

/** A site in which every list has something to print, the same each time. */
export function fullSite(): TestSite {
  // nobody listens there: a test of the sink is refused at once
  const ops = { type: 'webhook', url: 'http://127.0.0.1:9/mqi', secret_file: 'none', on: ['slot_quarantined'] };
  const site = testSite({ notify: { sinks: { ops } } });
  const bad = site.admit('bad-energy', 'b4d3n3rgy');
  site.execute(bad, 'gpu.2');
  site.finish(bad, 3);
  const lung = site.admit('lung-120MeV', 'lung7k2m9');
  site.execute(lung, 'gpu.2');
  site.admit('brain-100MeV', 'brain5x8q');
  site.store.write((tx) => {
    const at = site.clock.now();
    const token = 'mqi-test-brain5x8q-1-zzzzzzzz';
    insertAttempt(tx, { token, caseId: 'brain5x8q', number: 1, host: 'local', limitMs: 1, createdAt: at });
    updateAttempt(tx, token, { orphan: '2 processes carry its token', slot: 'gpu.1' });
    quarantineSlot(tx, 'local', 'gpu.1', token, 'an orphan sits on it', at);
    insertIncident(tx, {
      id: 'ep-0123456789abcdef0123',
      kind: 'slot_quarantined',
      subject: 'local/gpu.1',
      openedAt: at,
      updatedAt: at,
      count: 1,
      facts: { host: 'local', slot: 'gpu.1', token },
    });
    const delivery = { incidentId: 'ep-0123456789abcdef0123', sink: 'ops', edge: 'opened' } as const;
    insertDelivery(tx, delivery, at, at);
    updateDelivery(tx, delivery, { tries: 3, nextAt: at + 4_000, error: 'HTTP 503' });
    writeCandidate(tx, {
      path: '/new/half',
      name: 'half',
      state: 'rejected',
      reason: 'it holds a socket',
      caseId: null,
      signature: '',
      firstSeenAt: at,
      updatedAt: at,
    });
  });
  return site;
}

/** The commands whose JSON docs/json.md shows, by the heading of its example there. */
export const SHAPE_COMMANDS: readonly (readonly [string, readonly string[]])[] = [
  ['mqi cases list', ['cases', 'list', '--json', '--limit', '2', '--after', '9999999999999.zz']],
  ['mqi cases show', ['cases', 'show', 'bad-energy', '--json']],
  ['mqi cases watch', ['cases', 'watch', 'lung-120MeV', '--json']],
  ['mqi why', ['why', 'brain-100MeV', '--json']],
  ['mqi status', ['status', '--json']],
  ['mqi slots list', ['slots', 'list', '--json']],
  ['mqi hosts list', ['hosts', 'list', '--json']],
  ['mqi orphans', ['orphans', '--json']],
  ['mqi notifications list', ['notifications', 'list', '--json']],
  ['mqi notifications test', ['notifications', 'test', 'ops', '--json']],
  ['mqi intake list', ['intake', 'list', '--json']],
  ['an order', ['cases', 'pause', 'brain-100MeV', '--json', '--why', 'wait for the new plan']],
  ['mqi doctor', ['doctor', '--json']],
  ['mqi db check', ['db', 'check', '--json']],
];

/** Runs one of them; `watch` sees one change. */
export async function printedShape(site: TestSite, argv: readonly string[]): Promise<unknown> {
  site.clock.during = () => {
    site.clock.during = () => {};
    if (argv[1] === 'watch') site.finish('lung7k2m9', 0);
  };
  const { out } = await site.run(argv);
  // a stream has a value a line
  return JSON.parse(argv[1] === 'watch' ? (out.split('\n')[0] ?? '') : out);
}

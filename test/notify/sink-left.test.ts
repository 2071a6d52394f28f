import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { giveUpOtherSinks, updateDelivery } from '../../src/store/incidents.ts';
import { failingSinks, listIncidents } from '../../src/store/queries.ts';
import { fullSite } from '../cli/gather-shapes.ts';

const DELIVERY = { incidentId: 'ep-0123456789abcdef0123', sink: 'ops', edge: 'opened' } as const;

test.each([
  ['still waits', null],
  ['was given up before', 0],
])('a sink that leaves the configuration is no trouble, also when a message to it %s', async (_, over) => {
  const site = fullSite();
  if (over !== null) site.store.write((tx) => updateDelivery(tx, DELIVERY, { nextAt: null }));
  site.store.write((tx) => giveUpOtherSinks(tx, ['ops', 'another']));
  expect(failingSinks(site.store.db, 0)).toMatchObject([{ sink: 'ops', error: 'HTTP 503' }]);
  expect((await site.run(['status'])).out).toContain('sink ops does not take its notifications');

  site.store.write((tx) => giveUpOtherSinks(tx, ['another']));
  expect(failingSinks(site.store.db, 0)).toEqual([]);
  expect((await site.run(['status'])).out).not.toContain('sink ops');
  expect((await site.run(['notifications', 'list'])).out).toContain(
    'ops, opened: given up after 3 tries: the sink is not in the configuration any more',
  );
});

test('one that does not take its messages is named by the doctor, with the command that tries it', async () => {
  const site = fullSite();
  writeFileSync(join(site.folder, 'none'), 'secret', { mode: 0o600 });
  const { out } = await site.run(['doctor', '--json']);
  const { checks } = JSON.parse(out) as { readonly checks: readonly { readonly name: string }[] };
  expect(checks.find(({ name }) => name === 'sink ops')).toMatchObject({
    status: 'warn',
    found: 'sink ops does not take its notifications (1 waiting): HTTP 503',
    repair: 'mqi notifications test ops',
  });
});

test('what it took stays delivered', () => {
  const site = fullSite();
  site.store.write((tx) => updateDelivery(tx, DELIVERY, { nextAt: null, deliveredAt: 5, error: null }));
  site.store.write((tx) => giveUpOtherSinks(tx, []));
  expect(listIncidents(site.store.db, 1)[0]!.deliveries).toMatchObject([{ deliveredAt: 5, error: null }]);
});

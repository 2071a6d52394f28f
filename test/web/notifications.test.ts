import { expect, test } from 'vitest';

import { insertDelivery, insertIncident, updateDelivery, updateIncident } from '../../src/store/incidents.ts';
import { testSite } from '../cli/site.ts';
import type { TestSite } from '../cli/site.ts';
import { testWeb } from './web-site.ts';

const ID = 'ep-0123456789abcdef0123';
const OPENED = { incidentId: ID, sink: 'ops', edge: 'opened' } as const;

function toldSite(): TestSite {
  const site = testSite();
  const at = site.clock.now();
  site.store.write((tx) => {
    insertIncident(tx, {
      id: ID,
      kind: 'host_unreachable',
      subject: 'gpu1',
      openedAt: at,
      updatedAt: at,
      count: 3,
      facts: { cause: 'link' },
    });
    insertDelivery(tx, OPENED, at, at);
  });
  return site;
}

const textOf = async (site: TestSite): Promise<string> => {
  const html = await (await testWeb(site).get('/notifications')).text();
  return html.replaceAll(/<[^>]+>/g, ' ').replaceAll(/\s+/g, ' ');
};

test('a site where nothing happened says so, and who would be told', async () => {
  const text = await textOf(testSite());
  expect(text).toContain('Told: ops (webhook)');
  expect(text).toContain('Nothing happened that anybody is told of.');
});

test('a sink that nobody configured is named as what is missing', async () => {
  const web = testWeb(testSite(), { site: { sinks: [] } });
  expect(await (await web.get('/notifications')).text()).toContain(
    'the configuration has no <code>notify.sinks</code>',
  );
});

test('what lasts is shown with its next command, and its message as it fares: about to be sent, tried again, given up, delivered', async () => {
  const site = toldSite();
  const change = (fields: Parameters<typeof updateDelivery>[2]): void =>
    site.store.write((tx) => updateDelivery(tx, OPENED, fields));
  const at = site.clock.now();

  const first = await textOf(site);
  expect(first).toMatch(/3 cases wait: host gpu1 is unreachable since .* \(link\)/);
  expect(first).toContain('mqi doctor');
  expect(first).toContain('ops, opened: ○ about to be sent');

  change({ tries: 2, nextAt: at + 60_000, error: 'HTTP 503 <b>' });
  expect(await textOf(site)).toMatch(/ops, opened: ◔ waiting try 3 at [-\d: ]+: HTTP 503 &lt;b&gt;/);

  change({ tries: 9, nextAt: null, error: 'HTTP 503' });
  expect(await textOf(site)).toContain('ops, opened: ✕ given up after 9 tries: HTTP 503');

  change({ tries: 9, nextAt: null, error: null, deliveredAt: at });
  expect(await textOf(site)).toMatch(/ops, opened: ✓ delivered [-\d: ]+, try 9/);
});

test('a host that nothing waits for is named alone', async () => {
  const site = toldSite();
  site.store.write((tx) => updateIncident(tx, ID, { count: 0 }));
  expect(await textOf(site)).toMatch(/(?<!: )host gpu1 is unreachable since/);
});

test('what is over needs no command any more', async () => {
  const site = toldSite();
  site.store.write((tx) => updateIncident(tx, ID, { endedAt: site.clock.now() }));
  const text = await textOf(site);
  expect(text).toContain('○ over');
  expect(text).not.toContain('mqi doctor');
});

test('a sink that does not take its messages leads there from the first page', async () => {
  const site = toldSite();
  site.store.write((tx) =>
    updateDelivery(tx, OPENED, { tries: 3, nextAt: site.clock.now() + 4_000, error: 'HTTP 503' }),
  );
  expect(await (await testWeb(site).get('/')).text()).toMatch(
    /<a href="\/notifications">sink ops does not take its notifications/,
  );
});

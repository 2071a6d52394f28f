import { chmodSync, existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { listIncidents } from '../../src/store/queries.ts';
import type { ToldIncident } from '../../src/store/queries.ts';
import { startReceiver } from '../lab/receiver.ts';
import type { Receiver } from '../lab/receiver.ts';
import { createSite } from '../lab/site.ts';
import type { Site } from '../lab/site.ts';

const SECRET = 'a secret of this test';
const PATIENT = 'DOE^JOHN-19700101';

/** A site whose daemon tells `receiver`, soon. */
function siteTelling(receiver: Receiver, notify: Readonly<Record<string, unknown>> = {}, on?: readonly string[]): Site {
  const site = createSite();
  const secretFile = join(site.folder, 'secret');
  writeFileSync(secretFile, `${SECRET}\n`, { mode: 0o600 });
  const hook = { type: 'webhook', url: receiver.url, secret_file: secretFile, ...(on === undefined ? {} : { on }) };
  site.configure({ notify: { sinks: { ops: hook }, group_within: '100ms', disk_free_below: '1 MiB', ...notify } });
  return site;
}

const told = (site: Site): ToldIncident[] => site.reader((from) => listIncidents(from.db, 100));

const delivered = (site: Site, kind: string): Promise<ToldIncident> =>
  site.until(`${kind} is told`, ({ db }) =>
    listIncidents(db, 100).find(
      (incident) => incident.kind === kind && incident.deliveries.every((delivery) => delivery.deliveredAt !== null),
    ),
  );

const deliveriesOf = (receiver: Receiver): unknown[] => receiver.arrived.map(({ message }) => message['delivery']);

test('a failed case is told, signed, and without the name of the patient', async () => {
  const receiver = await startReceiver(SECRET);
  const site = siteTelling(receiver);
  site.drop(PATIENT, 'exit 3\n');
  site.start();
  const { id } = await site.final(PATIENT);
  const incident = await delivered(site, 'case_failed');
  expect(receiver.arrived).toHaveLength(1);
  const [{ headers, body, message, isSigned }] = receiver.arrived as [Receiver['arrived'][number]];
  expect(isSigned).toBe(true);
  expect(headers).toMatchObject({ 'x-mqi-incident': incident.id, 'x-mqi-delivery': `${incident.id}.opened` });
  expect(message).toMatchObject({
    version: 1,
    incident: incident.id,
    edge: 'opened',
    kind: 'case_failed',
    subject: 'job_failed',
    summary: '1 case failed: job_failed',
    next: 'mqi cases list --state failed --failure job_failed',
    facts: { failure: 'job_failed', cases: [id] },
  });
  expect(body).not.toMatch(/DOE|JOHN|1970/);
});

test('a webhook that fails three times and a daemon killed after the answer: everything arrives, one repeat, one id', async () => {
  const receiver = await startReceiver(SECRET);
  const site = siteTelling(receiver, {}, ['case_failed', 'case_completed']);
  receiver.refuse(503, 500, 404);
  site.drop('bad', 'exit 3\n');
  site.drop('good', 'mkdir -p output\n');
  // the fourth try is taken, and the daemon dies before it can write that down
  const first = site.start({ failPoints: 'notify.answer=kill@4' });
  expect(await first.exited).toMatchObject({ signal: 'SIGKILL' });
  site.start();
  await site.final('bad');
  await site.final('good');
  await delivered(site, 'case_failed');
  await delivered(site, 'case_completed');

  const accepted = deliveriesOf(receiver).slice(3);
  const wanted = told(site).map(({ id }) => `${id}.opened`);
  expect(wanted).toHaveLength(2);
  expect(new Set(accepted)).toEqual(new Set(wanted));
  // the kill costs one repeat, of the very message whose answer it forgot
  expect(accepted).toHaveLength(3);
  expect(accepted.filter((id) => id === accepted[0])).toHaveLength(2);
  expect(receiver.arrived.every(({ isSigned }) => isSigned)).toBe(true);
});

test('failures are told together, and each is counted once across a SIGKILL', async () => {
  const receiver = await startReceiver(SECRET);
  const site = siteTelling(receiver, { group_within: '3s' }, ['case_failed']);
  const first = site.start();
  await site.until('the watch is on', () => first.log().includes('is online'));
  const names = Array.from({ length: 8 }, (_, at) => `case-${at}`);
  for (const name of names) site.drop(name, 'exit 3\n');
  await site.until('some failed', ({ db }) => listIncidents(db, 9).find((incident) => incident.count >= 2));
  first.kill('SIGKILL');
  await first.exited;
  site.start();
  for (const name of names) await site.final(name);
  // a case that the kill found half submitted has failed for a reason of its own: that is told too
  await site.until('all are told', ({ db }) => {
    const incidents = listIncidents(db, 99);
    const count = incidents.reduce((sum, incident) => sum + incident.count, 0);
    return count === names.length && incidents.every(({ deliveries }) => deliveries[0]?.deliveredAt != null);
  });
  const ids = told(site).flatMap(({ facts }) => facts['cases'] as string[]);
  expect(ids.toSorted()).toEqual(names.map((name) => site.caseOf(name).id).toSorted());
  const accepted = deliveriesOf(receiver);
  expect(accepted).toHaveLength(new Set(accepted).size);
  expect(new Set(accepted)).toEqual(new Set(told(site).map(({ id }) => `${id}.opened`)));
});

test('an unreachable host for longer than it may is told once, with the cases that wait, and so is its return', async () => {
  const receiver = await startReceiver(SECRET);
  const site = siteTelling(receiver, { host_unreachable_after: '1s' });
  const go = join(site.folder, 'go');
  site.drop('case', `until [ -e '${go}' ]; do sleep 0.05; done\n`);
  site.start();
  await site.in('case', 'executing');
  const owner = readFileSync(join(site.root, 'owner'), 'utf8');
  writeFileSync(join(site.root, 'owner'), 'stranger\n');
  const lasting = await delivered(site, 'host_unreachable');
  expect(lasting.endedAt).toBe(null);
  expect(receiver.arrived[0]!.message['summary']).toMatch(
    /^1 case waits: host here is unreachable since \d{4}-\d\d-\d\d \d\d:\d\d UTC \((link|queue|garbled)\)$/,
  );
  // a restart knows nothing of the host: that is no end of the incident, and no new one
  const listed = await site.mqi('notifications', 'list');
  expect(listed.out).toContain('host here is unreachable');
  writeFileSync(join(site.root, 'owner'), owner);
  const over = await site.until('its end is told', ({ db }) =>
    listIncidents(db, 9).find(({ deliveries }) =>
      deliveries.some(({ edge, deliveredAt }) => edge === 'ended' && deliveredAt !== null),
    ),
  );
  expect(over.id).toBe(lasting.id);
  expect(deliveriesOf(receiver)).toEqual([`${lasting.id}.opened`, `${lasting.id}.ended`]);
  expect(receiver.arrived[1]!.message['summary']).toMatch(/^over: host here can be seen again \(it lasted /);
  writeFileSync(go, '');
  await site.final('case');
});

test('a start of the daemon neither ends what lasts nor tells it again', async () => {
  const receiver = await startReceiver(SECRET);
  const site = siteTelling(receiver, { host_unreachable_after: '1s' });
  site.drop('case', 'sleep 600\n');
  const first = site.start();
  await site.in('case', 'executing');
  writeFileSync(join(site.root, 'owner'), 'stranger\n');
  const before = await delivered(site, 'host_unreachable');
  first.kill('SIGTERM');
  await first.exited;
  const second = site.start();
  // the host was tried again by the new daemon, and the incident checked since
  await site.until('the host is tried', () => second.log().includes('unreachable'));
  site.drop('bad', 'exit 1\n');
  await site.until('the new case waits too', ({ db }) => listIncidents(db, 9).find((incident) => incident.count === 2));
  expect(told(site).map(({ id, endedAt }) => [id, endedAt])).toEqual([[before.id, null]]);
  expect(deliveriesOf(receiver)).toEqual([`${before.id}.opened`]);
});

test('a low disk and a job near its limit are told; a program is a sink too', async () => {
  const site = createSite({ limit: '1h' });
  const saying = join(site.folder, 'say.sh');
  const said = join(site.folder, 'said');
  writeFileSync(saying, `#!/bin/sh\nmkdir -p '${said}'\ncat > '${said}'/"$MQI_EPISODE_DELIVERY"\n`);
  chmodSync(saying, 0o755);
  site.configure({
    notify: { sinks: { page: { type: 'command', command: [saying] } }, disk_free_below: '4000 TiB', near_limit_at: 1 },
  });
  site.drop(PATIENT, 'sleep 600\n');
  site.start();
  const disk = await delivered(site, 'disk_low');
  const { id } = await site.in(PATIENT, 'executing');
  expect(await site.order({ kind: 'limit', caseId: id, limitMs: 100_000 })).toMatchObject({ outcome: 'done' });
  // what was seen of it is written once a minute, or when its host becomes unreachable
  await site.until('it has run for a second', () => Date.now() - site.caseOf(PATIENT).updatedAt > 2_500);
  const owner = readFileSync(join(site.root, 'owner'), 'utf8');
  writeFileSync(join(site.root, 'owner'), 'stranger\n');
  const near = await delivered(site, 'job_near_limit');
  writeFileSync(join(site.root, 'owner'), owner);
  const texts = readdirSync(said).map((name) => readFileSync(join(said, name), 'utf8'));
  expect(texts).toHaveLength(2);
  expect(texts.join('')).not.toMatch(/DOE|JOHN|1970/);
  const [low, late] = [disk, near].map(({ id }) => JSON.parse(readFileSync(join(said, `${id}.opened`), 'utf8')));
  expect(low).toMatchObject({ kind: 'disk_low', subject: 'results', facts: { path: site.results } });
  expect(late).toMatchObject({ kind: 'job_near_limit', facts: { case: id, host: 'here', limitMs: 100_000 } });
});

test('a sink that fails is shown by status, with the reason and the command that tries it', async () => {
  const receiver = await startReceiver(SECRET);
  const site = siteTelling(receiver);
  receiver.refuse(...Array.from({ length: 50 }, () => 500));
  site.drop('bad', 'exit 3\n');
  site.start();
  await site.until('three tries', ({ db }) =>
    listIncidents(db, 9).find(({ deliveries }) => deliveries.some(({ tries }) => tries >= 3)),
  );
  const status = await site.mqi('status');
  expect(status.out).toMatch(
    /! sink ops does not take its notifications \(1 waiting\): HTTP 500 {2}next: mqi notifications test ops/,
  );
  expect((await site.mqi('notifications', 'list')).out).toMatch(/ops, opened: waiting, try \d+ in .*: HTTP 500/);
  const failed = await site.mqi('notifications', 'test', 'ops');
  expect([failed.code, failed.err]).toEqual([1, expect.stringContaining('HTTP 500')]);
  receiver.refuse();
  const passed = await site.mqi('notifications', 'test', 'ops');
  expect([passed.code, passed.out]).toEqual([0, expect.stringContaining('ops took it')]);
  // the daemon tells its own at any moment, also between the test and here
  expect(receiver.arrived.map(({ message }) => message)).toContainEqual(
    expect.objectContaining({ kind: 'test', subject: 'ops' }),
  );
  await delivered(site, 'case_failed');
  expect((await site.mqi('status')).out).not.toContain('sink ops');
});

test('without a sink nothing is recorded, and what happened before there was one is never told', async () => {
  const receiver = await startReceiver(SECRET);
  const site = createSite();
  site.drop('before', 'exit 3\n');
  const first = site.start();
  await site.final('before');
  first.kill('SIGTERM');
  await first.exited;
  expect(told(site)).toEqual([]);
  const secretFile = join(site.folder, 'secret');
  writeFileSync(secretFile, SECRET, { mode: 0o600 });
  const sinks = { ops: { type: 'webhook', url: receiver.url, secret_file: secretFile } };
  site.configure({ notify: { sinks, group_within: '0s', disk_free_below: '1 MiB' } });
  site.start();
  await site.until('the notifier has begun', () => existsSync(site.database));
  site.drop('after', 'exit 4\n');
  const { id } = await site.final('after');
  const incident = await delivered(site, 'case_failed');
  expect(incident.facts).toEqual({ failure: 'job_failed', cases: [id] });
  expect(receiver.arrived).toHaveLength(1);
});

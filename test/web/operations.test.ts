import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { parseExposition } from '../lab/exposition.ts';
import { createPagedSite } from './lab.ts';

const PATIENT = 'DOE^JOHN-19700101';

test('a real daemon says how it fares, without a token and without a name', async () => {
  const site = createPagedSite();
  site.drop(PATIENT, 'exit 3\n');
  site.start();
  const url = await site.served();
  const get = async (path: string) => {
    const answer = await fetch(`${url}${path}`);
    return { status: answer.status, type: answer.headers.get('content-type'), text: await answer.text() };
  };
  const eventually = (path: string) => expect.poll(async () => (await get(path)).text, { interval: 100 });
  const { id } = await site.final(PATIENT);
  expect(await get('/livez')).toMatchObject({ status: 200, text: expect.stringMatching(/^ok {3}supervisor: came by/) });
  const ready = await get('/readyz');
  expect(ready.text.split('\n').map((line) => line.split(':')[0])).toEqual([
    'ok   supervisor',
    'ok   database',
    'ok   watched folder',
    'ok   results',
    'ok   host here',
    '',
  ]);
  expect(ready.status).toBe(200);

  const head = await fetch(`${url}/metrics`, { method: 'HEAD' });
  expect([head.status, await head.text()]).toEqual([200, '']);
  const metrics = await get('/metrics');
  expect(metrics).toMatchObject({ status: 200, type: 'text/plain; version=0.0.4; charset=utf-8' });
  expect(metrics.text).not.toMatch(new RegExp(`DOE|JOHN|${id}`));
  const samples = parseExposition(metrics.text);
  const value = (name: string): number | undefined => samples.find((sample) => sample.name === name)?.value;
  expect(samples.find(({ labels }) => labels['kind'] === 'job_failed')).toMatchObject({ value: 1 });
  expect(value('mqi_supervisor_tick_age_seconds')).toBeLessThan(30);
  expect(value('mqi_database_size_bytes')).toBeGreaterThan(10_000);
  expect(value('process_resident_memory_bytes')).toBeGreaterThan(10_000_000);
  expect(value('process_cpu_seconds_total')).toBeGreaterThan(0);

  // each check fails by itself, and says which it is
  renameSync(site.watch, `${site.watch}.away`);
  await eventually('/readyz').toContain('FAIL watched folder: ENOENT');
  renameSync(`${site.watch}.away`, site.watch);
  const owner = readFileSync(join(site.root, 'owner'), 'utf8');
  writeFileSync(join(site.root, 'owner'), 'stranger\n');
  await eventually('/readyz').toMatch(/^FAIL host here: (offline|connecting) \(/m);
  expect((await get('/readyz')).status).toBe(503);
  expect((await get('/livez')).status).toBe(200);
  await eventually('/metrics').toContain('mqi_host_up{host="here"} 0\n');
  writeFileSync(join(site.root, 'owner'), owner);
  await eventually('/readyz').not.toContain('FAIL');
});

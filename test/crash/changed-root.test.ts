import { cpSync, existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { readHost } from '../../src/store/hosts.ts';
import { createSite } from '../lab/site.ts';
import type { Daemon, Site } from '../lab/site.ts';

const go = (site: Site): void => writeFileSync(join(site.folder, 'go'), '');

async function stopped(daemon: Daemon): Promise<void> {
  daemon.kill('SIGTERM');
  await daemon.exited;
}

/** The only host, with this root. */
function configureRoot(site: Site, root: string): void {
  site.configure({ hosts: { here: { root, observe_every: '1s', slots: [{ name: 'gpu' }] } } });
}

/** A case whose job is at work, and no daemon. */
async function leftAtWork(site: Site): Promise<string> {
  const waits = `until [ -e '${site.folder}/go' ]; do sleep 0.05; done; mkdir -p output; echo dose > output/data`;
  configureRoot(site, site.root);
  site.drop('case', site.counting('case', waits));
  const first = site.start();
  const { token } = await site.in('case', 'executing');
  await stopped(first);
  return token!;
}

/** It has ended, well, and nobody has heard of it. */
async function endedUnheard(site: Site): Promise<void> {
  const token = await leftAtWork(site);
  go(site);
  await site.until('the job has ended', () => existsSync(join(site.root, 'attempts', token, 'end')));
}

const missed = (site: Site): Promise<string> =>
  site.until('the change is named', (reader) => {
    const host = readHost(reader.db, 'here');
    return host?.state === 'offline' ? host.reason : null;
  });

test('a root that was changed while a job lives in the old one is not worked in: no job is called lost, what to do is named, and all goes on when it is put back', async () => {
  const site = createSite();
  await leftAtWork(site);
  const other = join(site.folder, 'other-root');
  configureRoot(site, other);
  const second = site.start();
  const back = `put "root: ${site.root}" back under hosts.here and restart the daemon`;
  expect(await missed(site)).toContain(back);
  await site.until('the case is blind', () => site.caseOf('case').blindCause !== null);
  expect((await site.mqi('status')).out.replaceAll(/\s+/g, ' ')).toContain(`root: ${site.root}`);
  expect((await site.mqi('why', 'case')).out).toContain(back);
  expect((await site.mqi('doctor')).out.replaceAll(/\s+/g, ' ')).toContain(back);

  // the order that makes an empty root ours would make this job a lost one
  expect(await site.order({ kind: 'takeover', host: 'here' })).toMatchObject({
    outcome: 'refused',
    message: expect.stringContaining(back),
  });
  expect(existsSync(other)).toBe(false);
  expect(site.caseOf('case')).toMatchObject({ phase: 'executing', failure: null });
  expect(site.slots()).toMatchObject([{ state: 'leased' }]);

  await stopped(second);
  configureRoot(site, site.root);
  site.start();
  go(site);
  expect((await site.final('case')).state).toBe('completed');
  expect(site.runs('case')).toBe(1);
});

test('nor is another root that is ours already: a job that ended well in the old one is not called lost for what the new one lacks', async () => {
  const site = createSite();
  await endedUnheard(site);
  const other = join(site.folder, 'other-root');
  for (const name of ['attempts', 'staging']) mkdirSync(join(other, name), { recursive: true });
  for (const name of ['owner', 'events']) cpSync(join(site.root, name), join(other, name));
  configureRoot(site, other);
  const second = site.start();
  expect(await missed(site)).toContain(`put "root: ${site.root}" back`);
  expect(site.caseOf('case')).toMatchObject({ phase: 'executing', failure: null });

  await stopped(second);
  configureRoot(site, site.root);
  site.start();
  expect((await site.final('case')).state).toBe('completed');
});

test('a root that was moved with all that lies in it is taken up where it is now; one that nothing lives in any more is left', async () => {
  const site = createSite();
  await endedUnheard(site);
  const moved = join(site.folder, 'moved-root');
  renameSync(site.root, moved);
  configureRoot(site, moved);
  const second = site.start();
  expect((await site.final('case')).state).toBe('completed');
  await stopped(second);

  configureRoot(site, join(site.folder, 'next-root'));
  site.start();
  expect(await missed(site)).toContain('mqi hosts takeover here');
  expect(await site.order({ kind: 'takeover', host: 'here' })).toMatchObject({ outcome: 'done' });
  site.drop('next', site.counting('next', 'mkdir -p output; echo dose > output/data'));
  expect((await site.final('next')).state).toBe('completed');
});

test('a root that was copied while a job lives in it is not worked in: what the job does is written in the old one', async () => {
  const site = createSite();
  await leftAtWork(site);
  const copy = join(site.folder, 'copied-root');
  cpSync(site.root, copy, { recursive: true });
  configureRoot(site, copy);
  const second = site.start();
  expect(await missed(site)).toContain(`${copy} is a copy of ${site.root}`);
  expect(await missed(site)).toContain(`put "root: ${site.root}" back`);
  go(site);
  expect(site.caseOf('case')).toMatchObject({ phase: 'executing', failure: null });

  await stopped(second);
  configureRoot(site, site.root);
  site.start();
  expect((await site.final('case')).state).toBe('completed');
});

test('a host that is renamed while a job is at work there gives its GPU to nobody until it has its name again', async () => {
  const site = createSite();
  await leftAtWork(site);
  site.configure({ hosts: { there: { root: site.root, observe_every: '1s', slots: [{ name: 'gpu' }] } } });
  const second = site.start();
  site.drop('next', site.counting('next', 'mkdir -p output; echo dose > output/data'));
  const back = 'name hosts.there here again';
  expect(
    await site.until('the change is named', (reader) => {
      const host = readHost(reader.db, 'there');
      return host?.state === 'offline' ? host.reason : null;
    }),
  ).toContain(back);
  expect(await site.order({ kind: 'takeover', host: 'there' })).toMatchObject({
    outcome: 'refused',
    message: expect.stringContaining(back),
  });
  expect((await site.mqi('doctor')).out.replaceAll(/\s+/g, ' ')).toContain(back);
  expect(site.runs('next')).toBe(0);

  await stopped(second);
  configureRoot(site, site.root);
  site.start();
  go(site);
  expect((await site.final('case')).state).toBe('completed');
  expect((await site.final('next')).state).toBe('completed');
  expect(site.runs('case')).toBe(1);
});

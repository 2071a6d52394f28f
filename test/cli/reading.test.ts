import { existsSync, lstatSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { insertAttempt, updateAttempt } from '../../src/store/attempts.ts';
import { writeCandidate } from '../../src/store/candidates.ts';
import { resetHost, updateHost } from '../../src/store/hosts.ts';
import { cases } from '../../src/store/schema.ts';
import type { CandidateState } from '../../src/store/schema.ts';
import { noteBusy, quarantineSlot } from '../../src/store/slots.ts';
import { testSite } from './site.ts';
import type { TestSite } from './site.ts';

function candidate(site: TestSite, name: string, state: CandidateState, reason: string | null): void {
  const at = site.clock.now();
  const row = {
    path: `/new/${name}`,
    name,
    state,
    reason,
    caseId: null,
    signature: '',
    firstSeenAt: at,
    updatedAt: at,
  };
  site.store.write((tx) => writeCandidate(tx, row));
}

describe('mqi status', () => {
  it('says on one screen what there is, and what needs a person with the next command', async () => {
    const site = testSite();
    const bad = site.admit('bad');
    site.execute(bad);
    site.finish(bad, 3);
    site.execute(site.admit('lung'), 'gpu.2');
    candidate(site, 'sock', 'rejected', 'it holds a socket');
    site.store.write((tx) => quarantineSlot(tx, 'local', 'gpu.1', null, 'an orphan sits on it', site.clock.now()));
    const { code, out } = await site.run(['status']);
    expect(code).toBe(0);
    expect(out).toContain('not running');
    expect(out).toContain('1 running (1 executing)');
    expect(out).toContain('1 failed');
    expect(out).toContain('next: mqi slots clear local/gpu.1 --dry-run');
    expect(out).toContain('next: mqi intake list --state rejected');
    expect(out.split('\n').length).toBeLessThan(24);
  });

  it('names the daemon that runs', async () => {
    const site = testSite();
    const lock = site.holdLock();
    expect((await site.run(['status'])).out).toContain(`running, pid ${process.pid}`);
    const { daemon } = JSON.parse((await site.run(['status', '--json'])).out) as { daemon: unknown };
    expect(daemon).toMatchObject({ running: true, pid: process.pid });
    lock.release();
  });

  it('says of a daemon that holds its lock, and looks at no host any more, that it stands still; so does the doctor', async () => {
    const site = testSite();
    const lock = site.holdLock();
    site.clock.pass(100_000);
    expect((await site.run(['status'])).out).toContain('running, pid');
    site.clock.pass(100_000);
    const { out } = await site.run(['status']);
    expect(out).toContain(`standing still, pid ${process.pid}`);
    expect(out).toMatch(/! the daemon is alive, but stands still.*no sign of it for 3m 20s.*next: mqi doctor/);
    const { attention } = JSON.parse((await site.run(['status', '--json'])).out) as { attention: { what: string }[] };
    expect(attention[0]?.what).toContain('stands still');
    expect((await site.run(['doctor'])).out).toMatch(/FAIL {2}daemon +the daemon is alive, but stands still/);
    lock.release();
    expect((await site.run(['status'])).out).toContain('not running');
  });

  it.each(['offline', 'connecting'] as const)(
    'says why a host is unreachable while it is %s; so does the doctor',
    async (state) => {
      const site = testSite();
      const lock = site.holdLock();
      site.store.write((tx) => updateHost(tx, 'local', { state, cause: 'link', reason: 'the root was changed' }));
      expect((await site.run(['status'])).out).toContain('! host local cannot be reached: the root was changed');
      const { code, out } = await site.run(['doctor']);
      expect(out).toMatch(/^FAIL {2}hosts +local cannot be reached: the root was changed/m);
      expect(code).toBe(1);
      lock.release();
    },
  );

  it('takes a host that is connected to for the first time for no trouble', async () => {
    const site = testSite();
    const lock = site.holdLock();
    site.store.write((tx) => resetHost(tx, 'local', site.clock.now()));
    expect((await site.run(['status', '--json'])).out).toContain('"attention": []');
    expect((await site.run(['doctor'])).out).toMatch(/^ok {4}hosts +local connecting$/m);
    lock.release();
  });

  it('says of a host that answers again that it is being checked: neither up nor unreachable', async () => {
    const site = testSite();
    const lock = site.holdLock();
    site.store.write((tx) => {
      resetHost(tx, 'local', site.clock.now());
      updateHost(tx, 'local', { state: 'online', cause: 'link', reason: 'no route', lastSeenAt: site.clock.now() });
    });
    for (const command of [['status'], ['hosts', 'list']]) {
      const { out } = await site.run(command);
      expect(out).toMatch(/local +checking .*answers again and is being checked: .*\(was lost: no route\)/);
      expect(out).not.toMatch(/online|cannot be reached|unreachable|offline/);
    }
    expect((await site.run(['doctor'])).out).toMatch(
      /^warn {2}hosts +local answers again and is being checked: .*\(was lost: no route\)/m,
    );
    // it is: the next sight of it is an ordinary one
    site.store.write((tx) => updateHost(tx, 'local', { cause: null, reason: null, reconciledAt: site.clock.now() }));
    expect((await site.run(['status'])).out).toMatch(/local +online /);
    expect((await site.run(['doctor'])).out).toMatch(/^ok {4}hosts +local online$/m);
    lock.release();
  });

  it('does not call a host online that nobody looks at', async () => {
    const site = testSite();
    expect((await site.run(['hosts', 'list'])).out).toContain('was online');
  });
});

describe('mqi cases show', () => {
  it('tells the case, why it is there, its attempts and its journal', async () => {
    const site = testSite();
    const id = site.admit('lung');
    const token = site.execute(id);
    site.finish(id, 3);
    const { out } = await site.run(['cases', 'show', 'lung']);
    for (const text of [
      'lung  failed',
      id,
      token,
      'exit code 3',
      'gets slot gpu.1',
      'job_failed',
      '/results/lung/attempt-1',
    ]) {
      expect(out).toContain(text);
    }
  });

  it('prints the end of a long journal, or all of it', async () => {
    const site = testSite();
    const id = site.admit('lung');
    for (let i = 0; i < 10; i += 1) {
      site.drive(id, { type: 'operator.paused', by: 'ada' }, { type: 'operator.resumed', by: 'ada' });
    }
    expect((await site.run(['cases', 'show', 'lung'])).out).toContain('the last 12 of 21 entries (--all)');
    expect((await site.run(['cases', 'show', 'lung', '--all'])).out).toContain('case.admitted');
  });
});

describe('the other lists', () => {
  it('tell who holds a slot and why one is quarantined', async () => {
    const site = testSite();
    site.execute(site.admit('lung'), 'gpu.2');
    site.store.write((tx) => quarantineSlot(tx, 'local', 'gpu.1', null, 'an orphan\nsits on it', site.clock.now()));
    const { out } = await site.run(['slots', 'list']);
    expect(out).toMatch(/local\/gpu.1 +quarantined .*an orphan\\nsits on it/);
    expect(out).toMatch(/local\/gpu.2 +leased +lung +executing/);
  });

  it('tell what else runs on the GPU of a slot, and that nobody gets it', async () => {
    const site = testSite();
    site.store.write((tx) => noteBusy(tx, 'local', 'gpu.1', 'pid 4242 python of alice (not ours)'));
    expect((await site.run(['slots', 'list'])).out).toMatch(
      /local\/gpu.1 +busy .*pid 4242 python of alice \(not ours\)/,
    );
    const { slots } = JSON.parse((await site.run(['slots', 'list', '--json'])).out) as { slots: unknown };
    expect(slots).toMatchObject([{ state: 'free', busy: 'pid 4242 python of alice (not ours)' }, { busy: null }]);
    expect((await site.run(['slots', 'clear', 'gpu.1', '--dry-run'])).out).toContain('beside that process');
  });

  it('tell of an orphan its evidence and the command that adopts it', async () => {
    const site = testSite();
    const id = site.admit('lung');
    const token = 'mqi-test-lung-1-zzzzzzzz';
    expect((await site.run(['orphans'])).out).toContain('no orphans');
    site.store.write((tx) => {
      insertAttempt(tx, { token, caseId: id, number: 1, host: 'local', limitMs: 1, createdAt: 1 });
      updateAttempt(tx, token, { orphan: '2 processes run on gpu.1' });
    });
    const { out } = await site.run(['orphans']);
    expect(out).toContain('2 processes run on gpu.1');
    expect(out).toContain(`next: mqi cases adopt ${id} --token ${token}`);
    expect((await site.run(['why', 'lung'])).out).toContain('2 processes run on gpu.1');
  });

  it('tell of a case that is over what lies under its name now, and why that is no case', async () => {
    const site = testSite();
    const id = site.admit('lung');
    site.execute(id);
    site.finish(id, 0);
    const path = site.store.db.select().from(cases).all()[0]!.path;
    const at = site.clock.now();
    const reason = `its content changed since it was admitted: mqi cases retry ${id} runs it as it is now`;
    const row = { path, name: 'lung', signature: '', caseId: id, firstSeenAt: at, updatedAt: at };
    const { out: before } = await site.run(['why', 'lung']);
    expect(before).not.toContain('the folder');
    site.store.write((tx) => writeCandidate(tx, { ...row, state: 'changed', reason }));
    const { out } = await site.run(['why', 'lung']);
    expect(out).toContain('; the folder that lies under its name now is not taken as it is now: its content changed');
    expect(out).toContain(`next: mqi cases retry ${id}\n`);
    site.store.write((tx) => writeCandidate(tx, { ...row, state: 'rejected', reason: 'it holds a socket' }));
    expect((await site.run(['why', 'lung'])).out).toContain('left untouched: it holds a socket');
  });

  it('tell of a folder why it is no case, and how a history is let in', async () => {
    const site = testSite();
    candidate(site, 'old', 'history', 'it was here at the first start');
    candidate(site, 'sock', 'rejected', 'it holds a socket');
    candidate(site, 'done', 'done', null);
    const { out, err } = await site.run(['intake', 'list']);
    expect(out).toContain('it holds a socket');
    expect(out).not.toContain('done');
    expect(err).toContain('mqi intake admit --all --as-done');
    expect((await site.run(['intake', 'list', '--state', 'done'])).out).toContain('done');
    expect((await site.run(['intake', 'admit', 'old'])).code).toBe(0);
  });
});

describe('mqi db', () => {
  it('copies the database, never over a file, and finds the copy whole', async () => {
    const site = testSite();
    site.admit('lung');
    expect((await site.run(['db', 'backup', 'copy.db'])).code).toBe(0);
    expect((await site.run(['db', 'backup', 'copy.db'])).code).toBe(73);
    const copy = ['--database', `${site.folder}/copy.db`];
    expect((await site.run(['db', 'check', ...copy])).code).toBe(0);
    const { out } = await site.run(['cases', 'list', '--json', ...copy]);
    expect(out).toContain('"lung"');
  });

  it.each([0o000, 0o022, 0o077])('makes a copy that only its owner can read under umask %o', async (mask) => {
    const site = testSite();
    const before = process.umask(mask);
    try {
      expect((await site.run(['db', 'backup', 'copy.db'])).code).toBe(0);
    } finally {
      process.umask(before);
    }
    expect(statSync(join(site.folder, 'copy.db')).mode & 0o777).toBe(0o600);
  });

  it('leaves a link where a copy should go as it is, and says where no copy can be made', async () => {
    const site = testSite();
    symlinkSync(join(site.folder, 'elsewhere.db'), join(site.folder, 'copy.db'));
    const link = await site.run(['db', 'backup', 'copy.db']);
    expect([link.code, link.err]).toEqual([1, expect.stringMatching(/EEXIST.*copy\.db[^]*next: ls -ld/)]);
    expect(existsSync(join(site.folder, 'elsewhere.db'))).toBe(false);
    expect(lstatSync(join(site.folder, 'copy.db')).isSymbolicLink()).toBe(true);
    const nowhere = await site.run(['db', 'backup', 'missing/copy.db']);
    expect([nowhere.code, nowhere.err]).toEqual([1, expect.stringMatching(/ENOENT[^]*next: ls -ld/)]);
  });
});

import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';

import { readCandidates } from '../../src/store/candidates.ts';
import type { CandidateRow } from '../../src/store/candidates.ts';
import { cases } from '../../src/store/schema.ts';
import { listingOf } from '../lab/listing.ts';
import { MAIN, createSite } from '../lab/site.ts';
import type { Site } from '../lab/site.ts';
import { asSomebody, cannotRun, giveToSomebody, isRoot, makeUnreadable } from '../lab/somebody.ts';

const COPIES = 'mkdir -p output && cp inputs/data output/data';

function candidateOf(site: Site, name: string): CandidateRow | undefined {
  return site.reader((from) => readCandidates(from.db).find((row) => row.name === name));
}

const caseNames = (site: Site): string[] =>
  site.reader((from) => from.db.select({ name: cases.name }).from(cases).all()).map((row) => row.name);

/** A whole case with one thing in it that cannot travel. */
function spoilt(site: Site, name: string, spoil: (folder: string) => void): string {
  const hidden = join(site.folder, `.${name}`);
  mkdirSync(hidden);
  writeFileSync(join(hidden, 'run.sh'), COPIES);
  writeFileSync(join(hidden, 'data'), 'dose');
  spoil(hidden);
  renameSync(hidden, join(site.watch, name));
  return join(site.watch, name);
}

/** A case that comes later, and is over: the daemon went on, and whatever lay there had its chance. */
async function goesOn(site: Site, name: string): Promise<void> {
  site.drop(name, COPIES, { data: 'dose' });
  expect((await site.final(name)).state).toBe('completed');
}

describe('something that can be no case is set aside by name with a reason, and nothing of it is changed', () => {
  const site = createSite({ ends: afterAll });

  beforeAll(async () => {
    const daemon = site.start();
    await site.until('online', () => daemon.log().includes('is online'));
  });

  async function expectRejected(name: string, path: string | Buffer, reason: string): Promise<void> {
    const before = listingOf(path);
    const row = await site.until(`${name} is rejected`, () => {
      const found = candidateOf(site, name);
      return found?.state === 'rejected' ? found : null;
    });
    expect(row.reason).toContain(reason);
    expect(row.caseId).toBe(null);
    await goesOn(site, `after ${Math.random().toString(36).slice(2)}`);
    expect(caseNames(site)).not.toContain(name);
    expect(listingOf(path)).toEqual(before);
  }

  test('a file where folders belong', async () => {
    const path = join(site.watch, 'plan.dcm');
    writeFileSync(path, 'a file');
    await expectRejected('plan.dcm', path, 'a file, not a folder');
  });

  test('a symbolic link to a folder, in the place of one', async () => {
    const path = join(site.watch, 'linked');
    symlinkSync(site.folder, path);
    await expectRejected('linked', path, 'a symbolic link, not a folder');
  });

  test('a symbolic link that leaves the case', async () => {
    const path = spoilt(site, 'leaving', (folder) => symlinkSync('../../mqi.yaml', join(folder, 'link')));
    await expectRejected('leaving', path, '"link": a symbolic link that leaves the case folder');
  });

  test('a symbolic link to nothing', async () => {
    const path = spoilt(site, 'dangling', (folder) => symlinkSync('nowhere', join(folder, 'link')));
    await expectRejected('dangling', path, '"link": a symbolic link to nothing');
  });

  test('a FIFO, at which whoever reads it would wait for ever', async () => {
    const path = spoilt(site, 'piped', (folder) => execFileSync('mkfifo', [join(folder, 'pipe')]));
    await expectRejected('piped', path, '"pipe": a FIFO');
  });

  test('a socket', async () => {
    const server = createServer();
    onTestFinished(() => void server.close());
    const hidden = join(site.folder, '.socket');
    mkdirSync(hidden);
    writeFileSync(join(hidden, 'run.sh'), COPIES);
    await new Promise<void>((resolve) => server.listen(join(hidden, 's'), resolve));
    renameSync(hidden, join(site.watch, 'socketed'));
    await expectRejected('socketed', join(site.watch, 'socketed'), '"s": a socket');
  });

  test.skipIf(!isRoot)('a device (only root can make one)', async () => {
    const path = spoilt(site, 'device', (folder) =>
      execFileSync('mknod', [join(folder, 'zero'), 'c', '1', '5'], { stdio: 'ignore' }),
    );
    await expectRejected('device', path, '"zero": a device');
  });

  test('a file whose name is no text in UTF-8', async () => {
    const path = spoilt(site, 'bytes', (folder) =>
      writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0x61, 0xff])]), ''),
    );
    await expectRejected('bytes', path, String.raw`"a\\xff": its name is not valid UTF-8: rename it`);
  });

  test('a folder whose name is no text in UTF-8', async () => {
    const path = Buffer.concat([Buffer.from(`${site.watch}/`), Buffer.from([0xff, 0x62])]);
    mkdirSync(path);
    await expectRejected(String.raw`\xffb`, path, 'its name is not valid UTF-8: rename it');
  });

  test('two things at once are both named', async () => {
    const path = spoilt(site, 'twice', (folder) => {
      symlinkSync('/etc', join(folder, 'one'));
      execFileSync('mkfifo', [join(folder, 'two')]);
    });
    await expectRejected('twice', path, '"one": a symbolic link that leaves the case folder');
    expect(candidateOf(site, 'twice')?.reason).toContain('"two": a FIFO');
  });

  test('once it is mended, it is a case', async () => {
    const path = spoilt(site, 'mended', (folder) => symlinkSync('/etc', join(folder, 'link')));
    await site.until('it is rejected', () => candidateOf(site, 'mended')?.state === 'rejected');
    execFileSync('rm', [join(path, 'link')]);
    expect((await site.final('mended')).state).toBe('completed');
  });

  test('an empty folder is not rejected but waits, and says for what: a copy begins with one', async () => {
    const path = join(site.watch, 'empty');
    mkdirSync(path);
    const before = listingOf(path);
    await site.until('it waits', () => candidateOf(site, 'empty')?.reason === 'it is empty');
    await goesOn(site, 'after the empty one');
    expect(candidateOf(site, 'empty')).toMatchObject({ state: 'settling', reason: 'it is empty' });
    expect(caseNames(site)).not.toContain('empty');
    expect(listingOf(path)).toEqual(before);
    expect(readdirSync(path)).toEqual([]);
  });
});

test.skipIf(cannotRun(MAIN) !== null)(
  'a file and a folder that the daemon may not read are rejected by name, and run once they can be read (needs setpriv)',
  async () => {
    const site = createSite();
    const secret = spoilt(site, 'secret', () => {});
    const closed = spoilt(site, 'closed', (folder) => mkdirSync(join(folder, 'inner')));
    makeUnreadable(join(secret, 'data'));
    makeUnreadable(join(closed, 'inner'));
    giveToSomebody(site.folder);
    const before = [...listingOf(secret), ...listingOf(closed)];
    site.start({ wrap: asSomebody, env: { HOME: site.folder } });
    const rejected = (name: string): Promise<CandidateRow> =>
      site.until(`${name} is rejected`, () => {
        const row = candidateOf(site, name);
        return row?.state === 'rejected' ? row : null;
      });
    expect((await rejected('secret')).reason).toContain('"data": it cannot be read (EACCES)');
    expect((await rejected('closed')).reason).toContain('"inner": this directory cannot be read (EACCES)');
    expect([...listingOf(secret), ...listingOf(closed)]).toEqual(before);

    chmodSync(join(secret, 'data'), 0o600);
    expect((await site.final('secret')).state).toBe('completed');
  },
);

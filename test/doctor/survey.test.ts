import { describe, expect, it } from 'vitest';

import { Findings } from '../../src/daemon/doctor/finding.ts';
import { reportHost } from '../../src/daemon/doctor/host-findings.ts';
import type { Ours } from '../../src/daemon/doctor/host-findings.ts';
import { readSurvey } from '../../src/daemon/doctor/survey.ts';
import { hostConfig, sshTo } from './hosts.ts';

const LINES: readonly string[] = [
  'clock 1000000',
  'user mqi',
  'path /usr/bin:/bin',
  'sums openssl',
  ...['setsid', 'printf', 'proc', 'scan'].map((ability) => `can ${ability}`),
  'root directory /scratch/mqi',
  'owner ours',
  'free /dev/sda 1 3 99999999 25% /scratch dir',
  'inodes /dev/sda 99999 3 99996 1% /scratch dir',
  'trial ok ',
];

const answer = (lines: readonly string[], exitCode = 0) =>
  ({ kind: 'done', exitCode, stdout: ['mqi', ...lines, 'done', ''].join('\n'), stderr: 'sh: what?\n' }) as const;

const host = hostConfig({ transport: sshTo({ configFile: '/c' }) });

/** The lines with some changed: by their first word, or the first two of `can`. */
function findingOf(
  name: string,
  changes: Readonly<Record<string, string | null>>,
  askedAtMs = 1_000_000_000,
  ours: Ours = { kind: 'named', instance: 'ours' },
) {
  const kept = LINES.flatMap((line) => {
    const key = Object.keys(changes).find((start) => line.startsWith(`${start} `) || line === start);
    if (key === undefined) return [line];
    const value = changes[key] ?? null;
    return value === null ? [] : [value];
  });
  const added = Object.entries(changes).flatMap(([key, value]) =>
    value === null || LINES.some((line) => line.startsWith(`${key} `) || line === key) ? [] : [value],
  );
  const read = readSurvey(answer([...kept, ...added]));
  if (read.kind === 'garbled') throw new Error(read.reason);
  const findings = new Findings('hpc');
  reportHost(read.survey, { host, ours, wasUsed: false, askedAtMs, answeredAtMs: askedAtMs + 500 }, findings);
  return findings.all.find((finding) => finding.name === name);
}

describe('a survey at a host', () => {
  it.each([
    ['another exit code', answer(LINES, 1), 'sh: what?'],
    ['no end', { ...answer(LINES), stdout: `mqi\n${LINES.join('\n')}\n` }, 'no whole answer'],
    ['noise in front', { ...answer(LINES), stdout: `welcome\n${answer(LINES).stdout}` }, 'no whole answer'],
    ['a line of another', answer([...LINES, 'gossip x']), 'gossip'],
    ['a line without a value', answer([...LINES, 'clock']), 'clock'],
    ['no root', answer(LINES.filter((line) => !line.startsWith('root '))), 'where the root is'],
  ])('with %s is garbled', (_, outcome, reason) => {
    expect(readSurvey(outcome)).toMatchObject({ kind: 'garbled', reason: expect.stringContaining(reason) });
  });

  it.each([
    ['tools', {}, 'ok', 'sh, tar, find, setsid, openssl', null],
    ['tools', { missing: 'missing tar' }, 'fail', /PATH .*: tar$/, /apt-get install -y tar'$/],
    ['tools', { missing: 'missing xargs' }, 'fail', /: xargs$/, /findutils/],
    ['tools', { sums: null }, 'fail', /: openssl$/, /openssl/],
    ['tools', { 'can proc': null }, 'fail', /\/proc/, /mount/],
    ['tools', { 'can scan': null }, 'fail', /grep or xargs/, /grep findutils/],
    ['tools', { 'can setsid': null }, 'warn', /setsid/, /util-linux/],
    ['tools', { 'can printf': null }, 'warn', /-printf/, /findutils/],
    ['root', {}, 'ok', '/scratch/mqi', null],
    ['root', { root: 'root absent /scratch' }, 'ok', /made by the daemon/, null],
    [
      'root',
      { root: 'root other /scratch' },
      'fail',
      /^\/scratch is a file \(or a link to nothing\), so there can be no directory \/scratch\/mqi$/,
      /set hosts\.hpc\.root to/,
    ],
    [
      'root',
      { trial: 'trial make Permission denied' },
      'fail',
      /no directory can be made/,
      /chown -R mqi \/scratch\/mqi/,
    ],
    [
      'root',
      { root: 'root absent /scratch', trial: 'trial make Permission denied' },
      'fail',
      /not there/,
      /install -d -o mqi \/scratch\/mqi/,
    ],
    ['root', { trial: 'trial write No space left on device' }, 'fail', /no file can be written/, /df -h .*make room/],
    ['root', { trial: 'trial link Operation not permitted' }, 'fail', /hard links/, /hosts\.hpc\.root/],
    ['root', { trial: 'trial rename Read-only file system' }, 'fail', /renamed/, /remount/],
    ['root', { trial: 'trial delete Permission denied' }, 'fail', /deleted/, /chown/],
    ['root', { unwritable: 'unwritable /scratch/mqi/attempts' }, 'fail', /attempts cannot be written by mqi/, /chown/],
    ['owner', { owner: null }, 'ok', /nobody yet/, null],
    ['owner', { owner: 'owner theirs' }, 'fail', /theirs, and this one is ours/, /mqi hosts takeover hpc$/],
    ['owner', { owner: 'owner ' }, 'fail', /an empty file/, /takeover/],
    ['owner', { owner_unreadable: 'owner_unreadable /scratch/mqi/owner' }, 'fail', /cannot be read/, /chown/],
    ['space', {}, 'ok', '95.4 GiB and 99996 inodes free at /scratch/mqi', null],
    ['space', { free: 'free tmp 9 9 4000000 1% /' }, 'warn', /^only 3.8 GiB/, /df -h/],
    ['space', { free: 'free tmp 9 9 10 1% /' }, 'fail', /^10.0 KiB/, /df -h/],
    ['space', { inodes: 'inodes tmp 9 9 0 100% /' }, 'fail', /and 0 inodes/, /df -i/],
    ['space', { inodes: 'inodes tmp 0 0 0 - /' }, 'ok', '95.4 GiB free at /scratch/mqi', null],
    ['space', { free: 'free ' }, 'info', /df says nothing/, null],
    ['gpu', {}, 'info', 'no nvidia-smi there', null],
    ['gpu', { gpu: 'gpu NVIDIA A100' }, 'info', '1: NVIDIA A100', null],
    ['gpu', { gpu: 'gpu ' }, 'info', 'nvidia-smi sees none', null],
    ['gpu', { gpu_failed: 'gpu_failed driver/library mismatch' }, 'warn', /mismatch/, /nvidia-smi/],
  ] as const)('finds of %s with %o: %s', (name, changes, status, found, repair) => {
    const finding = findingOf(name, changes);
    expect(finding).toMatchObject({ host: 'hpc', status, found: expect.stringMatching(found) });
    if (repair === null) expect(finding?.repair).toBeNull();
    else expect(finding?.repair).toMatch(repair);
  });

  it.each([
    ['at the same second', 1_000_000_000, 'ok', 'as ours'],
    ['at the end of it', 1_000_000_999, 'ok', 'as ours'],
    ['a little ahead', 999_995_000, 'ok', '4.5s ahead'],
    ['a minute behind', 1_000_061_000, 'warn', '1m 00s behind ours'],
    ['an hour ahead', 996_400_000, 'warn', '59m 59s ahead of ours'],
  ])('finds the clock %s', (_, askedAtMs, status, found) => {
    expect(findingOf('clock', {}, askedAtMs)).toMatchObject({ status, found });
  });

  it('advises no takeover while nobody knows who we are, and says so when we are nobody yet', () => {
    expect(findingOf('owner', {}, 0, { kind: 'unknown' })).toMatchObject({ status: 'info', repair: null });
    expect(findingOf('owner', {}, 0, { kind: 'none' })).toMatchObject({
      status: 'fail',
      found: expect.stringContaining('no database of ours yet'),
    });
  });
});

import { describe, expect, it } from 'vitest';

import { Findings } from '../../src/daemon/doctor/finding.ts';
import { reportPueue } from '../../src/daemon/doctor/pueue-findings.ts';
import { readPueueSurvey } from '../../src/daemon/doctor/pueue-survey.ts';
import { hostConfig } from './hosts.ts';

const PLACES = ['user mqi', 'path /usr/bin:/bin', 'config /home/mqi/.config/pueue/pueue.yml', 'confirm ', 'xdg '];
const CLIENT = ['client /usr/bin/pueue', 'server /usr/bin/pueued', 'version pueue 4.0.4'];
const status = (group: object): string => `status ${JSON.stringify({ tasks: {}, groups: { gpu0: group } })}`;
const GOOD = status({ status: 'Running', parallel_tasks: 1 });

const answer = (lines: readonly string[]) =>
  ({ kind: 'done', exitCode: 0, stdout: ['mqi', ...lines, 'done', ''].join('\n'), stderr: '' }) as const;

function reported(lines: readonly string[], config: string | null = null) {
  const read = readPueueSurvey(answer(lines));
  if (read.kind === 'garbled') throw new Error(read.reason);
  const findings = new Findings('hpc');
  reportPueue(read.survey, hostConfig({ scheduler: { type: 'pueue', config, path: null } }), findings);
  return findings.all;
}

function findingOf(name: string, lines: readonly string[], config: string | null = null) {
  return reported(lines, config).find((finding) => finding.name === name);
}

describe('a survey at pueue', () => {
  it('that finds all in order has nothing to repair', () => {
    expect(
      reported([...PLACES, 'linger yes', ...CLIENT, GOOD, 'detected ']).map(({ name, status }) => [name, status]),
    ).toEqual([
      ['pueue', 'ok'],
      ['pueue daemon', 'ok'],
      ['groups', 'ok'],
      ['confirmation', 'ok'],
      ['linger', 'ok'],
    ]);
  });

  it('with a line of another is garbled', () => {
    expect(readPueueSurvey(answer([...PLACES, 'Welcome to hpc']))).toMatchObject({ kind: 'garbled' });
  });

  it('that finds no client names one elsewhere, or says how to get one', () => {
    const elsewhere = findingOf('pueue', [...PLACES, 'elsewhere /home/mqi/.cargo/bin/pueue']);
    expect(elsewhere?.repair).toBe(
      'set hosts.hpc.scheduler.path to /home/mqi/.cargo/bin/pueue, then: mqi config check',
    );
    expect(findingOf('pueue', PLACES)?.repair).toBe('cargo install pueue --locked');
    expect(findingOf('not checked', PLACES)?.found).toBe('pueue daemon, groups, confirmation, linger');
  });

  it.each([
    [{ status: 'Paused', parallel_tasks: 1 }, 'fail', /gpu0 is paused/, 'pueue start -g gpu0'],
    [{ status: 'Reset', parallel_tasks: 1 }, 'fail', /gpu0 is reset/, 'pueue start -g gpu0'],
    [{ status: 'Running', parallel_tasks: 2 }, 'warn', /2 at once/, 'pueue parallel 1 -g gpu0'],
    [{ status: 'Running', parallel_tasks: 0 }, 'fail', /any number/, 'pueue parallel 1 -g gpu0'],
  ] as const)('finds the group %o: %s', (group, expected, found, repair) => {
    const finding = findingOf('groups', [...PLACES, ...CLIENT, status(group)]);
    expect(finding).toMatchObject({ status: expected, found: expect.stringMatching(found), repair });
  });

  it('names both troubles of a group that is paused and runs several at once', () => {
    const lines = [...PLACES, ...CLIENT, status({ status: 'Paused', parallel_tasks: 3 })];
    expect(
      reported(lines)
        .filter(({ name }) => name === 'groups')
        .map(({ repair }) => repair),
    ).toEqual(['pueue start -g gpu0', 'pueue parallel 1 -g gpu0']);
  });

  it('finds a daemon that is one patch behind its client', () => {
    const finding = findingOf('pueue daemon', [...PLACES, ...CLIENT, GOOD, 'detected 4.0.3']);
    expect(finding).toMatchObject({ status: 'warn', found: 'it is 4.0.3 and the client 4.0.4' });
    expect(finding?.repair).toContain(
      'pueue shutdown; while pueue status > /dev/null 2>&1; do sleep 1; done; sleep 1; /usr/bin/pueued -d < /dev/null',
    );
  });

  it.each([
    ['down', [], null, 'it does not run', '/usr/bin/pueued -d < /dev/null > /dev/null 2>&1'],
    ['down', ['unit /usr/lib/systemd/user/pueued.service'], null, 'it does not run', 'systemctl --user start pueued'],
    [
      'down',
      [],
      '/p.yml',
      'it does not run',
      '/usr/bin/pueued -c /home/mqi/.config/pueue/pueue.yml -d < /dev/null > /dev/null 2>&1',
    ],
    [
      'down',
      ['running 7 4.0.4 -', 'running_runtime /run/user/1000'],
      null,
      /no XDG_RUNTIME_DIR$/,
      /runtime_directory: \/run\/user\/1000 under shared: .*hosts\.hpc\.scheduler\.config/,
    ],
    [
      'down',
      ['running 7 4.0.4 /other.yml', 'running_runtime -'],
      null,
      /pid 7, \/other.yml/,
      /scheduler\.config to \/other\.yml/,
    ],
    [
      'version',
      ['running 7 3.4.1 -', 'running_runtime -'],
      null,
      /client is 4.0.4 and the daemon is 3.4.1/,
      /scheduler\.path/,
    ],
    ['version', [], null, /of another version/, /scheduler\.path/],
    ['silent', [], null, /does not answer within 10 s/, /restart|pueued/],
    ['config', [], null, /pueue.yml cannot be read/, /scheduler\.config/],
    ['client', [], null, /cannot be run: no such loader/, /--version/],
    ['other', [], null, /no such loader/, 'pueue status'],
    ['unheard', [], null, /no such loader/, 'pueue status'],
  ] as const)('finds the daemon in trouble: %s %o', (cause, lines, config, found, repair) => {
    const finding = findingOf(
      'pueue daemon',
      [...PLACES, ...CLIENT, `trouble ${cause} no such loader`, ...lines],
      config,
    );
    expect(finding).toMatchObject({ status: 'fail', found: expect.stringMatching(found) });
    if (typeof repair === 'string') expect(finding?.repair).toBe(repair);
    else expect(finding?.repair).toMatch(repair);
  });

  it.each(['not json', '[]', '{"tasks":{}}', '{"groups":{"gpu0":{"status":1}}}'])(
    'finds %s to be no answer',
    (text) => {
      expect(findingOf('pueue daemon', [...PLACES, ...CLIENT, `status ${text}`])).toMatchObject({
        status: 'fail',
        found: expect.stringContaining('cannot be read'),
      });
    },
  );

  it('finds questions, and a user who does not linger', () => {
    const asking = PLACES.map((line) => (line === 'confirm ' ? 'confirm true' : line));
    expect(findingOf('confirmation', [...asking, ...CLIENT, GOOD])).toMatchObject({ status: 'warn' });
    expect(findingOf('linger', [...PLACES, 'linger no', ...CLIENT, GOOD])).toMatchObject({
      status: 'warn',
      repair: 'loginctl enable-linger',
    });
    expect(findingOf('linger', [...PLACES, ...CLIENT, GOOD])).toBeUndefined();
  });
});

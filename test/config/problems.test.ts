import { describe, expect, test } from 'vitest';
import { describeValue, formatPath, formatProblems } from '../../src/config/problem.ts';
import { linesOf, loadText, problemsOf, SMALL } from './load-text.ts';

const line = (yaml: string): string | undefined => linesOf(loadText(yaml))[0];

describe('every problem of a file', () => {
  test('is listed at once, in the order of the file', () => {
    const yaml = `watch:
  path: cases
  quietPeriod: 30s
  depth: "2"
results: cases/results
job:
  command: [moqui, "{input}"]
  limit: 30
hosts:
  gpu1:
    transport: { type: shh }
    root: host
    slots: [{ name: a }, { name: a }]
logg: { level: info }
`;
    expect(linesOf(loadText(yaml)).map((text) => text.split(': ').slice(0, 2).join(' '))).toEqual([
      'mqi.yaml:1:1 database',
      'mqi.yaml:3:3 watch.quietPeriod',
      'mqi.yaml:4:10 watch.depth',
      'mqi.yaml:5:10 results',
      'mqi.yaml:7:20 job.command[1]',
      'mqi.yaml:8:10 job.limit',
      'mqi.yaml:11:24 hosts.gpu1.transport.type',
      'mqi.yaml:13:34 hosts.gpu1.slots[1].name',
      'mqi.yaml:14:1 logg',
    ]);
  });

  test('says what was found, what was expected and what was probably meant', () => {
    expect(line(SMALL.replace('job: {', 'job: { limit: 30,'))).toBe(
      'mqi.yaml:4:15: job.limit: found the number 30, expected a duration such as 24h, from 1s to 366d. Did you mean 30s?',
    );
    expect(line(SMALL.replace('path: cases', 'path: cases, quiet_period: 10 minutes'))).toContain('Did you mean 10m?');
    expect(line(`${SMALL}log: { level: WARNING }\n`)).toContain('Did you mean warn?');
    expect(line(SMALL.replace('root: host', 'root: host, transport: ssh'))).not.toContain('Did you mean');
    expect(line(SMALL.replace('root: host', 'root: host, scheduler: pueue'))).toContain(
      'Did you mean { type: pueue }?',
    );
    expect(line(SMALL.replace('name: gpu0', 'name: 0'))).toContain('Did you mean "0"?');
    expect(line(SMALL.replace('name: gpu0', 'name: g, env: { A: 1.10 }'))).toContain('Did you mean "1.10"?');
    expect(line(SMALL.replace('path: cases', 'path: cases, ignore: a'))).toContain('Did you mean ["a"]?');
    expect(line(`${SMALL}quiet_period: 3s\n`)).toContain('Did you mean watch.quiet_period?');
  });

  test('ends with the commands to type next, each once', () => {
    const text = formatProblems(problemsOf(loadText('watch: 3\nresults: 4\n')));
    expect(text.match(/^next: .*$/gm)).toEqual(['next: mqi config schema --markdown']);
  });

  test('shows no control character to the terminal', () => {
    const text = linesOf(loadText(`${SMALL}"\\e[2J": 1\nresults2: "\\e[31m"\n`)).join('\n');
    // eslint-disable-next-line no-control-regex
    expect(text).not.toMatch(/[\0-\x09\x0b-\x1f]/);
  });
});

describe('a value of the wrong kind', () => {
  test.each([
    ['watch: [a]', 'watch: found a list, expected a map such as { path: /data/new_cases }'],
    ['hosts: []', 'hosts: found an empty list, expected a map of names to hosts'],
    ['hosts: {}', 'hosts: found an empty map, expected at least one host'],
    ['hosts: { a: }', 'hosts.a: found nothing, expected a map such as { root: /scratch/mqi, slots: [{ name: gpu0 }] }'],
    ['results: { a: 1 }', 'results: found a map, expected a path'],
    ['results: ""', 'results: found an empty text, expected a path, not an empty one'],
    ['results: ~bob/x', 'results: found "~bob/x", expected a path; of the forms with ~ only ~/ is understood'],
    ['database: 5', 'database: found the number 5, expected a path. Did you mean "5"?'],
    ['job: { command: [] }', 'job.command: found an empty list, expected a list such as [moqui'],
    ['job: { command: 5 }', 'job.command: found the number 5, expected a list such as'],
    ['job: { command: [~/bin/moqui] }', 'job.command[0]: found "~/bin/moqui", expected a program by name or absolute'],
    ['job: { command: [m], collect: [[a]] }', 'job.collect[0]: found a list, expected a pattern, or a map such as'],
    ['job: { command: [m], collect: [a/../b] }', 'job.collect[0]: found "a/../b", expected a pattern below'],
    ['job: { command: [m], collect: [/etc/passwd] }', 'job.collect[0]: found "/etc/passwd", expected a pattern below'],
    ['job: { command: [m], limit: 0s }', 'job.limit: found "0s", expected a duration such as 24h, from 1s to 366d'],
    ['watch: { path: c, ready_marker: a/b }', 'watch.ready_marker: found "a/b", expected a plain file name without /'],
    ['watch: { path: c, ready_marker: .. }', 'watch.ready_marker: found "..", expected a plain file name without /'],
    ['watch: { path: c, depth: 0 }', 'watch.depth: found the number 0, expected a whole number from 1 to 8'],
    ['watch: { path: c, depth: 1.5 }', 'watch.depth: found the number 1.5, expected a whole number from 1 to 8'],
    ['watch: { path: "a\\0b" }', 'watch.path: found "a\\u0000b", expected a path, without control characters'],
  ])('%s', (yaml, expected) => {
    expect(linesOf(loadText(yaml)).join('\n')).toContain(expected);
  });

  test('of a host is found whatever else is wrong with that host', () => {
    const yaml = `${SMALL}  "bad name": { root: 5, slots: [{ nam: a }], env: { 1x: 5 } }\n`;
    expect(problemsOf(loadText(yaml)).map(({ key }) => key)).toEqual([
      'hosts."bad name"',
      'hosts."bad name".root',
      'hosts."bad name".slots[0].name',
      'hosts."bad name".slots[0].nam',
      'hosts."bad name".env.1x',
      'hosts."bad name".env.1x',
    ]);
  });
});

describe('a file that is no YAML', () => {
  test.each([
    ['', 'mqi.yaml: found an empty file, expected a map of keys such as watch'],
    ['# only a comment\n', 'mqi.yaml: found an empty file'],
    ['- watch\n', 'mqi.yaml: found a list, expected a map of keys'],
    ['hello', 'mqi.yaml: found "hello", expected a map of keys'],
    ['a: 1\nb: 2\na: 3\n', 'mqi.yaml:3:1: found the key a a second time, expected each key once'],
    ['a:\n\tb: 1\n', 'mqi.yaml:2:1: found a tab, expected spaces'],
    ['a: 1\n---\nb: 1\n', 'mqi.yaml:2:1: found a second document, expected one document in the file'],
    ['a: [1\nb: 2\n', 'mqi.yaml:2:1: found YAML that cannot be read: '],
    ['a: !secret x\n', 'mqi.yaml:1:4: found YAML that cannot be read: unresolved tag: !secret, expected YAML'],
    ['job: { collect: [*.log, a] }\n', 'mqi.yaml:1:18: found *.log, which refers to nothing, expected quotes'],
    ['job:\n  command: {inputs}/run.sh\n', 'expected quotes around text that begins with {'],
  ])('%j', (yaml, expected) => {
    expect(linesOf(loadText(yaml)).join('\n')).toContain(expected);
  });

  test('is one that refers to itself or grows without bound', () => {
    const bomb = ['a: &a [x, x, x, x, x, x, x, x, x, x]'];
    for (let at = 1; at < 9; at += 1) {
      const before = String.fromCodePoint(96 + at);
      const name = String.fromCodePoint(97 + at);
      bomb.push(`${name}: &${name} [${Array(10).fill(`*${before}`).join(', ')}]`);
    }
    expect(linesOf(loadText(bomb.join('\n'))).join('\n')).toContain('Excessive alias count');
    expect(linesOf(loadText('hosts: &h { a: *h }\n')).length).toBeGreaterThan(0);
  });
});

test('a path is written as people write it', () => {
  expect(formatPath(['hosts', 'gpu1', 'slots', 0, 'name'])).toBe('hosts.gpu1.slots[0].name');
  expect(formatPath([])).toBe('');
});

test('a long value is cut', () => {
  expect(describeValue('x'.repeat(100))).toHaveLength(62);
});

test('a suggestion is spoken only where it would be taken', () => {
  const line = (yaml: string): string => linesOf(loadText(yaml)).join('\n');
  expect(line(`${SMALL}notify: { trouble_after: 30 minutes }\n`)).toContain('Did you mean 30m?');
  expect(line(SMALL.replace('[moqui]', '[moqui], limit: 500 days'))).not.toContain('Did you mean');
  expect(line(SMALL.replace('[moqui]', '[moqui], limit: 50 days'))).toContain('Did you mean 50d?');
});

import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { isWithin } from '../../src/config/folder-rules.ts';
import { loadConfig } from '../../src/config/load.ts';
import { emptyFolder, linesOf, loadText, problemsOf, SMALL } from './load-text.ts';

const host = (text: string): string => SMALL.replace(/ {2}gpu1: .*\n/, text);
const keys = (yaml: string): readonly (string | null)[] => problemsOf(loadText(yaml)).map(({ key }) => key);

describe('folders', () => {
  test.each([
    ['results: results', 'results: cases/results', 'results', 'in the watched folder'],
    ['results: results', 'results: .', 'results', 'which holds the watched folder'],
    ['results: results', 'results: cases', 'results', 'which is the watched folder'],
    ['database: mqi.db', 'database: cases/mqi.db', 'database', 'in the watched folder'],
    ['root: host', 'root: cases/host', 'hosts.gpu1.root', 'in the watched folder'],
    ['root: host', 'root: ./', 'hosts.gpu1.root', 'which holds the watched folder'],
    ['root: host', 'root: results/host', 'hosts.gpu1.root', 'in the results folder'],
    ['database: mqi.db', 'database: results', 'database', 'which is the results folder'],
  ])('that overlap are refused: %s → %s', (before, after, key, found) => {
    const problems = problemsOf(loadText(SMALL.replace(before, after)));
    expect(problems.map((problem) => problem.key)).toContain(key);
    expect(problems.find((problem) => problem.key === key)?.found).toContain(found);
  });

  test('that overlap by a link are refused', () => {
    const cwd = emptyFolder();
    mkdirSync(join(cwd, 'cases'));
    symlinkSync(join(cwd, 'cases'), join(cwd, 'link'));
    writeFileSync(join(cwd, 'mqi.yaml'), SMALL.replace('results: results', 'results: link/not/there/yet'));
    expect(linesOf(loadConfig({ environment: {}, cwd }))[0]).toContain('link/not/there/yet, in the watched folder');
  });

  test('with names that merely begin alike are apart', () => {
    expect(loadText(SMALL.replace('results: results', 'results: cases2')).kind).toBe('loaded');
    expect(isWithin('/a/..b', '/a')).toBe(true);
    expect(isWithin('/ab', '/a')).toBe(false);
  });

  test('of another machine cannot overlap with local ones', () => {
    const yaml = `  gpu1: { root: /data/cases, transport: { type: ssh, host: h }, slots: [{ name: a }] }\n`;
    expect(loadText(host(yaml).replace('path: cases', 'path: /data/cases')).kind).toBe('loaded');
  });

  test('given by a variable are checked as well', () => {
    const lines = linesOf(loadText(SMALL, { environment: { MQI_RESULTS: '/x/y', MQI_WATCH_PATH: '/x' } }));
    expect(lines).toEqual([
      'MQI_RESULTS: results: found /x/y, in the watched folder /x, expected a place apart from it',
    ]);
  });
});

describe('roots', () => {
  test('of ssh hosts are absolute or below ~/', () => {
    const root = (text: string): string =>
      host(`  a: { root: ${text}, transport: { type: ssh, host: h }, slots: [{ name: a }] }\n`);
    for (const good of ['/scratch', '~/mqi']) expect(loadText(root(good)).kind).toBe('loaded');
    for (const bad of ['scratch', './x', '/', '~/', '"~"', '~bob/x']) expect(keys(root(bad))).toEqual(['hosts.a.root']);
  });

  test('of this machine are no whole disk and no home', () => {
    for (const bad of ['/', '~/', '"~"', '~bob/x']) {
      expect(keys(SMALL.replace('root: host', `root: ${bad}`))).toContain('hosts.gpu1.root');
    }
  });

  test('belong to one host each', () => {
    expect(keys(`${SMALL}  b: { root: host/b, slots: [{ name: a }] }\n`)).toEqual(['hosts.b.root']);
    const remote = (name: string, at: string): string =>
      `  ${name}: { root: /r, transport: { type: ssh, host: ${at} }, slots: [{ name: a }] }\n`;
    expect(keys(SMALL + remote('b', 'h') + remote('c', 'h'))).toEqual(['hosts.c.root']);
    expect(keys(SMALL + remote('b', 'h') + remote('c', 'i'))).toEqual([]);
  });
});

describe('slots', () => {
  const slots = (list: string, scheduler = 'pueue'): string =>
    host(`  a: { root: h, scheduler: { type: ${scheduler} }, slots: ${list} }\n`);

  test('have names of their own, counted ones too', () => {
    expect(keys(slots('[{ name: a }, { name: a, queue: q }]'))).toEqual(['hosts.a.slots[1].name']);
    expect(keys(slots('[{ name: a, count: 2 }, { name: a.2 }]'))).toEqual(['hosts.a.slots[1].name']);
    expect(keys(slots('[{ name: a, count: 2 }, { name: a.3 }]'))).toEqual([]);
  });

  test('share a queue only by count', () => {
    expect(keys(slots('[{ name: a, queue: q }, { name: b, queue: q }]'))).toEqual(['hosts.a.slots[1]']);
    expect(keys(slots('[{ name: a }, { name: b, queue: a }]'))).toEqual(['hosts.a.slots[1]']);
    expect(keys(slots('[{ name: a, queue: q, count: 8 }]'))).toEqual([]);
  });

  test('of two hosts that are the same machine do not share a queue', () => {
    const remote = (name: string, rest: string): string =>
      `  ${name}: { root: /${name}, transport: { type: ssh, host: h }, scheduler: { type: pueue${rest} }, slots: [{ name: q }] }\n`;
    expect(keys(host(remote('a', '') + remote('b', '')))).toEqual(['hosts.b.slots[0]']);
    expect(keys(host(remote('a', '') + remote('b', ', config: /other.yml')))).toEqual([]);
  });

  test('of a direct host have no queue', () => {
    expect(keys(slots('[{ name: a, queue: q }]', 'direct'))).toEqual(['hosts.a.slots[0].queue']);
  });

  test('cannot set the variables by which a job is found again', () => {
    expect(keys(slots('[{ name: a, env: { MQI_TOKEN: x, __proto__: y, A-B: z } }]'))).toEqual([
      'hosts.a.slots[0].env.MQI_TOKEN',
      'hosts.a.slots[0].env.__proto__',
      'hosts.a.slots[0].env.A-B',
    ]);
  });
});

test('slurm is known, not built, and answered with what to use', () => {
  const yaml = SMALL.replace('root: host', 'root: host, scheduler: { type: slurm }');
  expect(linesOf(loadText(yaml))).toEqual([
    expect.stringContaining(
      'hosts.gpu1.scheduler.type: found "slurm", expected pueue or direct: slurm is not built yet, use',
    ),
  ]);
});

test('an ssh host is no option, no user and no port', () => {
  const at = (text: string): string =>
    SMALL.replace('root: host', `root: /r, transport: { type: ssh, host: "${text}" }`);
  for (const bad of ['-oProxyCommand=x', 'me@gpu1', 'a b', 'ssh://x']) {
    expect(keys(at(bad))).toEqual(['hosts.gpu1.transport.host']);
  }
  for (const good of ['gpu1', '10.0.0.1', 'fe80::1']) expect(keys(at(good))).toEqual([]);
});

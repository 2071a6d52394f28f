import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { configOf, emptyFolder, linesOf, loadText, SMALL } from './load-text.ts';

const FULL = new URL('../fixtures/config/full.yaml', import.meta.url).pathname;

describe('the configuration of the design', () => {
  test('loads, with every default filled in', () => {
    const config = configOf(loadConfig({ file: FULL, environment: {}, cwd: '/' }));
    expect(config).toEqual({
      file: FULL,
      directory: FULL.replace('/full.yaml', ''),
      watch: {
        path: '/data/new_cases',
        quietPeriodMs: 30_000,
        readyMarker: null,
        depth: 1,
        ignore: ['*.tmp', '*.part', '*.partial', '*.filepart', '~*', '.~lock*', '.*.??????'],
        rescanEveryMs: 30_000,
      },
      results: '/data/results',
      database: '/var/lib/mqi/mqi.db',
      job: {
        command: ['moqui', '{inputs}/moqui_tps.in'],
        collect: [
          { glob: 'output/**', optional: false },
          { glob: '*.log', optional: true },
        ],
        limitMs: 86_400_000,
      },
      hosts: [
        {
          name: 'gpu1',
          transport: {
            type: 'ssh',
            host: 'gpu1',
            port: null,
            user: null,
            identity: null,
            passphraseFile: null,
            knownHosts: null,
            agent: true,
            configFile: null,
            maxSessions: 4,
            connectTimeoutMs: 20_000,
            keepaliveMs: 10_000,
          },
          scheduler: { type: 'pueue', config: '~/.config/pueue/pueue.yml', path: '~/.cargo/bin/pueue' },
          root: '/scratch/mqi',
          prologue: 'module load cuda/12',
          env: {},
          observeEveryMs: 10_000,
          stallMs: 120_000,
          stopGraceMs: 10_000,
          keep: { completedMs: 604_800_000, failedMs: 2_592_000_000 },
          stageAhead: null,
          slots: [
            { name: 'gpu0', queue: 'gpu0', gpus: ['0'], env: { CUDA_VISIBLE_DEVICES: '0' } },
            { name: 'gpu1', queue: 'gpu1', gpus: ['1'], env: { CUDA_VISIBLE_DEVICES: '1' } },
          ],
        },
      ],
      web: { listen: { kind: 'default' }, tokenFile: null, hostnames: [] },
      notify: {
        sinks: [],
        hostUnreachableMs: 300_000,
        troubleMs: 900_000,
        diskFreeBytes: 5 * 2 ** 30,
        nearLimitPercent: 90,
        groupMs: 60_000,
        giveUpMs: 86_400_000,
      },
      keep: { journalMs: 90 * 86_400_000 },
      log: { level: 'info' },
    });
  });
});

describe('the file', () => {
  test('is named by --config before MQI_CONFIG before mqi.yaml before mqi.yml', () => {
    const cwd = emptyFolder();
    const write = (name: string): void => writeFileSync(join(cwd, name), SMALL);
    const loaded = (file?: string, environment = {}): string | null =>
      configOf(loadConfig({ file, environment, cwd })).file;

    expect(loaded()).toBe(null);
    write('mqi.yml');
    expect(loaded()).toBe(join(cwd, 'mqi.yml'));
    write('flag.yaml');
    write('variable.yaml');
    const environment = { MQI_CONFIG: 'variable.yaml' };
    expect(loaded(undefined, environment)).toBe(join(cwd, 'variable.yaml'));
    expect(loaded('flag.yaml', environment)).toBe(join(cwd, 'flag.yaml'));
    expect(loaded(undefined, { MQI_CONFIG: '' })).toBe(join(cwd, 'mqi.yml'));
  });

  test('is not guessed where mqi.yaml and mqi.yml lie side by side', () => {
    const outcome = loadText(SMALL);
    writeFileSync(join(outcome.cwd, 'mqi.yml'), SMALL);
    expect(linesOf(loadConfig({ environment: {}, cwd: outcome.cwd }))).toEqual([
      'mqi.yaml: found mqi.yml beside it, expected one of them, or --config to choose',
    ]);
  });

  test('that is named and missing, a folder, no UTF-8 or far too large is a problem with a next command', () => {
    const cwd = emptyFolder();
    mkdirSync(join(cwd, 'folder'));
    writeFileSync(join(cwd, 'latin1.yaml'), Buffer.from([0x61, 0x3a, 0x20, 0xe9]));
    writeFileSync(join(cwd, 'large.yaml'), ' '.repeat(1_048_577));
    const found = (file: string): unknown => {
      const outcome = loadConfig({ file, environment: {}, cwd });
      return outcome.kind === 'invalid' ? outcome.problems : outcome;
    };
    const problem = (where: string, text: string): unknown => [
      expect.objectContaining({ where, found: text, next: `mqi config init ${where}` }),
    ];
    expect(found('none.yaml')).toEqual(problem('none.yaml', 'no such file'));
    expect(found('latin1.yaml/x')).toEqual(problem('latin1.yaml/x', 'no such file'));
    expect(found('folder')).toEqual(problem('folder', 'a folder'));
    expect(found('latin1.yaml')).toEqual(problem('latin1.yaml', 'bytes that are not UTF-8'));
    expect(found('large.yaml')).toEqual(problem('large.yaml', 'a file of 1048577 bytes'));
  });

  test.skipIf(process.getuid?.() === 0)('that this user may not read is a problem', () => {
    const { cwd } = loadText(SMALL);
    chmodSync(join(cwd, 'mqi.yaml'), 0);
    expect(linesOf(loadConfig({ environment: {}, cwd }))[0]).toContain('may not read');
  });

  test('may be missing: then everything runs on this machine, below the working directory', () => {
    const outcome = loadText(null);
    const config = configOf(outcome);
    expect(config).toMatchObject({
      file: null,
      directory: outcome.cwd,
      watch: { path: join(outcome.cwd, 'new_cases'), quietPeriodMs: 2000 },
      results: join(outcome.cwd, 'results'),
      database: join(outcome.cwd, 'var/mqi.db'),
      job: { command: 'sh {inputs}/run.sh' },
      hosts: [
        {
          name: 'local',
          transport: { type: 'local' },
          scheduler: { type: 'direct' },
          root: join(outcome.cwd, 'var/host'),
          slots: [{ name: 'cpu', queue: null, gpus: [], env: {} }],
        },
      ],
    });
  });
});

describe('paths', () => {
  test('of the file are relative to its folder; ~/ is this user here, and left for the host there', () => {
    const cwd = emptyFolder();
    mkdirSync(join(cwd, 'etc'));
    const yaml = SMALL.replace('results: results', 'results: ~/results').replace(
      'root: host,',
      'root: ~/mqi/, transport: { type: ssh, host: h, identity: ~/.ssh/id, known_hosts: hosts },',
    );
    writeFileSync(join(cwd, 'etc/mqi.yaml'), yaml);
    const config = configOf(loadConfig({ file: 'etc/mqi.yaml', environment: {}, cwd }));
    expect(config.watch.path).toBe(join(cwd, 'etc/cases'));
    expect(config.results).toBe(join(homedir(), 'results'));
    expect(config.hosts[0]).toMatchObject({
      root: '~/mqi',
      transport: { identity: join(homedir(), '.ssh/id'), knownHosts: join(cwd, 'etc/hosts') },
    });
  });

  test('of a local host are local paths', () => {
    const outcome = loadText(SMALL.replace('root: host', 'root: ~/host'));
    expect(configOf(outcome).hosts[0]?.root).toBe(join(homedir(), 'host'));
  });
});

describe('hosts and slots', () => {
  test('keep the order of the file, whatever they are called', () => {
    const host = '{ root: ROOT, slots: [{ name: a }] }';
    const yaml = `${SMALL}  z: ${host.replace('ROOT', 'h2')}\n  2: ${host.replace('ROOT', 'h3')}\n  1: ${host.replace('ROOT', 'h4')}\n`;
    expect(configOf(loadText(yaml)).hosts.map(({ name }) => name)).toEqual(['gpu1', 'z', '2', '1']);
  });

  test('with a count become NAME.1 … NAME.N in one queue; a slot without one keeps its name', () => {
    const slots = '[{ name: a, count: 2 }, { name: b }, { name: c, count: 1, queue: q }]';
    const yaml = SMALL.replace('[{ name: gpu0 }]', `${slots}, scheduler: { type: pueue }`);
    expect(configOf(loadText(yaml)).hosts[0]?.slots).toEqual([
      { name: 'a.1', queue: 'a', gpus: [], env: {} },
      { name: 'a.2', queue: 'a', gpus: [], env: {} },
      { name: 'b', queue: 'b', gpus: [], env: {} },
      { name: 'c.1', queue: 'q', gpus: [], env: {} },
    ]);
  });
});

describe('the GPU of a slot', () => {
  const gpus = (slot: string, rest = ''): readonly (readonly string[])[] =>
    configOf(loadText(SMALL.replace('[{ name: gpu0 }]', `[${slot}]${rest}`))).hosts[0]!.slots.map((one) => one.gpus);

  test.each([
    ['{ name: a, gpu: 1 }', ['1']],
    ['{ name: a, gpu: "1" }', ['1']],
    ['{ name: a, gpu: GPU-8932f937 }', ['GPU-8932f937']],
    ['{ name: a, gpu: [0, GPU-8932f937] }', ['0', 'GPU-8932f937']],
    ['{ name: a, gpu: 1, env: { CUDA_VISIBLE_DEVICES: "0" } }', ['1']],
    ['{ name: a, gpu: none, env: { CUDA_VISIBLE_DEVICES: "0" } }', []],
    ['{ name: a, env: { CUDA_VISIBLE_DEVICES: "2,3" } }', ['2', '3']],
    ['{ name: a, env: { CUDA_VISIBLE_DEVICES: "$SOMETHING" } }', []],
    ['{ name: a }', []],
  ])('%s is %j', (slot, names) => {
    expect(gpus(slot)).toEqual([names]);
  });

  test('is what its jobs see: the environment of the host, where that of the slot does not say', () => {
    const rest = ', env: { CUDA_VISIBLE_DEVICES: "4" }';
    expect(gpus('{ name: a, count: 2 }, { name: b, env: { CUDA_VISIBLE_DEVICES: "5" } }', rest)).toEqual([
      ['4'],
      ['4'],
      ['5'],
    ]);
  });

  test.each(['GPU0', '-1', '[]', '[none]', '1.5', '{ index: 0 }', 'MIG-8932f937'])('is not %s', (gpu) => {
    expect(linesOf(loadText(SMALL.replace('{ name: gpu0 }', `{ name: a, gpu: ${gpu} }`)))).toEqual([
      expect.stringMatching(/hosts\.gpu1\.slots\[0\]\.gpu.*expected .*GPU/),
    ]);
  });
});

test('a section whose keys are all commented out means its defaults', () => {
  expect(configOf(loadText(`${SMALL}log:\n  # level: debug\n`)).log).toEqual({ level: 'info' });
});

test('an alias stands for what it refers to', () => {
  const yaml = `${SMALL}  gpu2: { root: h2, slots: &s [{ name: a }] }\n  gpu3: { root: h3, slots: *s }\n`;
  expect(configOf(loadText(yaml)).hosts.map(({ slots }) => slots[0]?.name)).toEqual(['gpu0', 'a', 'a']);
});

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import type { Config } from '../../src/config/config.ts';
import { durationText } from '../../src/config/duration-text.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { ConfigInput } from '../../src/config/schema.ts';
import { originsOf, showConfig } from '../../src/config/show.ts';
import { parseDurationMs } from '../../src/domain/duration.ts';
import { configOf, emptyFolder, loadText, SMALL } from './load-text.ts';

const name = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,6}$/);
const words = fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0'));
const environment = fc.dictionary(fc.stringMatching(/^[A-LN-Z_][A-Z0-9_]{0,4}$/), words, { maxKeys: 3 });
const time = (minMs: number): fc.Arbitrary<string> =>
  fc.integer({ min: minMs, max: 3_600_000 }).map((ms) => durationText(ms));

const gpuName = fc.constantFrom(0, 1, '2', 'GPU-8932f937');
const gpu = fc.oneof(gpuName, fc.array(gpuName, { minLength: 1, maxLength: 2 }), fc.constant('none'));
const onGpus = fc.constantFrom({ CUDA_VISIBLE_DEVICES: '0' }, { CUDA_VISIBLE_DEVICES: '0,1,' });

const slots = fc.uniqueArray(
  fc.record(
    { name, count: fc.integer({ min: 1, max: 3 }), gpu, env: fc.oneof(environment, onGpus) },
    { requiredKeys: ['name'] },
  ),
  // `a` three times and `a.1` would be one name twice
  { minLength: 1, maxLength: 4, selector: (slot) => slot.name.replace(/(\.\d+)+$/, '') },
);

const input = fc.record({
  watch: fc.record(
    { path: fc.constant('/w'), quiet_period: time(100), ready_marker: name, depth: fc.integer({ min: 1, max: 8 }) },
    { requiredKeys: ['path'] },
  ),
  results: fc.constant('/r'),
  database: fc.constant('/d'),
  job: fc.record(
    {
      command: fc.oneof(
        fc.array(words, { minLength: 1 }).map((list) => ['run', ...list].map(escapeBraces)),
        words.map((text) => escapeBraces(`sh ${text}`)),
      ),
      collect: fc.array(fc.oneof(name, fc.record({ glob: name, optional: fc.boolean() }))),
      limit: time(1000),
    },
    { requiredKeys: ['command'] },
  ),
  hosts: fc.dictionary(
    name,
    fc.record(
      {
        scheduler: fc.oneof(
          fc.constant({ type: 'direct' as const }),
          fc.record({ type: fc.constant('pueue' as const), path: fc.constant('~/pueue') }, { requiredKeys: ['type'] }),
        ),
        root: fc.constant('/x'),
        prologue: words.filter((text) => text !== ''),
        env: environment,
        observe_every: time(1000),
        slots,
      },
      { requiredKeys: ['root', 'slots'] },
    ),
    { minKeys: 1, maxKeys: 3 },
  ),
});

function escapeBraces(text: string): string {
  return text.replaceAll('{', '{{').replaceAll('}', '}}');
}

/** A machine for each host: no root and no queue is shared. */
function apart(hosts: ConfigInput['hosts']): ConfigInput['hosts'] {
  return Object.fromEntries(
    Object.entries(hosts).map(([host, value]) => [host, { ...value, transport: { type: 'ssh', host } }]),
  );
}

test('every duration is written so that it is read back as the same', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 400 * 86_400_000 }), (ms) => {
      expect(parseDurationMs(durationText(ms))).toBe(ms);
    }),
  );
  expect([0, 30_000, 86_400_000, 604_800_000, 5_400_000, 1].map(durationText)).toEqual([
    '0s',
    '30s',
    '24h',
    '7d',
    '1h30m',
    '1ms',
  ]);
});

describe('the configuration in force', () => {
  test('as it is shown loads to the same configuration', () => {
    const cwd = emptyFolder();
    const file = join(cwd, 'mqi.yaml');
    fc.assert(
      fc.property(input, (value) => {
        const load = (yaml: string): { config: Config; shown: string } => {
          writeFileSync(file, yaml);
          const outcome = loadConfig({ environment: {}, cwd });
          const config = configOf(outcome);
          return { config, shown: outcome.kind === 'loaded' ? showConfig(config, outcome.origin) : '' };
        };
        const { config, shown } = load(stringify({ ...value, hosts: apart(value.hosts) }));
        expect(load(shown).config).toEqual(config);
      }),
      { numRuns: 200 },
    );
  });

  test('says where each value came from that is not a default', () => {
    const environment = { MQI_JOB_LIMIT: '2h' };
    const outcome = loadText(SMALL, { environment, overrides: { 'log.level': 'debug' } });
    if (outcome.kind !== 'loaded') throw new Error('it should load');
    const shown = showConfig(outcome.config, outcome.origin);
    expect(shown).toContain(`results: ${outcome.cwd}/results # mqi.yaml:2:10\n`);
    expect(shown).toContain('limit: 2h # MQI_JOB_LIMIT\n');
    expect(shown).toContain('level: debug # --log-level\n');
    expect(shown).toContain('  quiet_period: 30s\n');
    expect(originsOf(outcome.config, outcome.origin)).toEqual({
      'watch.path': 'mqi.yaml:1:16',
      results: 'mqi.yaml:2:10',
      database: 'mqi.yaml:3:11',
      'job.command': 'mqi.yaml:4:17',
      'job.limit': 'MQI_JOB_LIMIT',
      'hosts.gpu1.root': 'mqi.yaml:6:17',
      'hosts.gpu1.slots': 'mqi.yaml:6:30',
      'log.level': '--log-level',
    });
  });

  test('without a file says so', () => {
    const outcome = loadText(null);
    if (outcome.kind !== 'loaded') throw new Error('it should load');
    expect(showConfig(outcome.config, outcome.origin)).toMatch(/^# no file: the built-in defaults\n/);
    expect(originsOf(outcome.config, outcome.origin)).toEqual({});
  });
});

import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { singles } from '../../src/config/variables.ts';
import { configOf, linesOf, loadText, problemsOf, SMALL } from './load-text.ts';

describe('variables', () => {
  test('have names made from the keys, for single values outside of hosts only', () => {
    expect(singles().map(({ variable }) => variable)).toEqual([
      'MQI_WATCH_PATH',
      'MQI_WATCH_QUIET_PERIOD',
      'MQI_WATCH_READY_MARKER',
      'MQI_WATCH_DEPTH',
      'MQI_WATCH_RESCAN_EVERY',
      'MQI_RESULTS',
      'MQI_DATABASE',
      'MQI_JOB_COMMAND',
      'MQI_JOB_LIMIT',
      'MQI_WEB_LISTEN',
      'MQI_WEB_TOKEN_FILE',
      'MQI_NOTIFY_HOST_UNREACHABLE_AFTER',
      'MQI_NOTIFY_TROUBLE_AFTER',
      'MQI_NOTIFY_DISK_FREE_BELOW',
      'MQI_NOTIFY_NEAR_LIMIT_AT',
      'MQI_NOTIFY_GROUP_WITHIN',
      'MQI_NOTIFY_GIVE_UP_AFTER',
      'MQI_KEEP_JOURNAL',
      'MQI_LOG_LEVEL',
    ]);
  });

  test('win over the file, and flags win over both', () => {
    const environment = {
      MQI_JOB_LIMIT: '1h',
      MQI_WATCH_DEPTH: '2',
      MQI_JOB_COMMAND: 'run {case}',
      MQI_LOG_LEVEL: 'warn',
    };
    const config = configOf(loadText(SMALL, { environment, overrides: { 'log.level': 'debug' } }));
    expect(config.job).toMatchObject({ limitMs: 3_600_000, command: 'run {case}' });
    expect(config.watch.depth).toBe(2);
    expect(config.log.level).toBe('debug');
  });

  test('can supply what the file lacks', () => {
    const yaml = SMALL.replace('results: results\n', '').replace('watch: { path: cases }', 'watch:');
    const environment = { MQI_RESULTS: '/data/results', MQI_WATCH_PATH: '/data/cases' };
    expect(configOf(loadText(yaml, { environment }))).toMatchObject({
      results: '/data/results',
      watch: { path: '/data/cases' },
    });
  });

  test('hold paths relative to the working directory, not to the file', () => {
    const { cwd } = loadText(SMALL);
    const request = { file: join(cwd, 'mqi.yaml'), environment: { MQI_RESULTS: 'r' }, cwd: '/srv' };
    expect(configOf(loadConfig({ ...request, overrides: { database: 'd.db' } }))).toMatchObject({
      results: '/srv/r',
      database: '/srv/d.db',
      watch: { path: join(cwd, 'cases') },
    });
  });

  test('that are empty, reserved or of others change nothing', () => {
    const environment = {
      MQI_RESULTS: '',
      MQI_DEBUG: '1',
      MQI_FAILPOINTS: 'x',
      MQI_TOKEN: 'mqi-a-b-1-c',
      MQI_LAB: '1',
      MQI_LAB_SSHD: '/usr/sbin/sshd',
      RESULTS: '/x',
      PATH: '/bin',
    };
    const outcome = loadText(SMALL, { environment });
    expect(configOf(outcome).results).toBe(join(outcome.cwd, 'results'));
  });

  test('that nobody knows are reported with the one that was meant', () => {
    const environment = { MQI_WATCH_QUIET: '3s', MQI_RESULT: '/x', MQI_CONFG: 'x.yaml', MQI_HOSTS_GPU1_ROOT: '/y' };
    expect(problemsOf(loadText(SMALL, { environment })).map(({ where, suggestion }) => [where, suggestion])).toEqual([
      ['MQI_WATCH_QUIET', 'MQI_WATCH_QUIET_PERIOD'],
      ['MQI_RESULT', 'MQI_RESULTS'],
      ['MQI_CONFG', 'MQI_CONFIG'],
      ['MQI_HOSTS_GPU1_ROOT', null],
    ]);
  });

  test('with wrong values are named instead of a place in the file', () => {
    const environment = { MQI_JOB_LIMIT: '30', MQI_WATCH_DEPTH: 'two', MQI_LOG_LEVEL: 'wran' };
    expect(linesOf(loadText(SMALL, { environment, overrides: { 'watch.quiet_period': 'soon' } }))).toEqual([
      '--watch-quiet-period: watch.quiet_period: found "soon", expected a duration such as 30s, from 100ms to 7d',
      'MQI_WATCH_DEPTH: watch.depth: found "two", expected a whole number from 1 to 8',
      'MQI_JOB_LIMIT: job.limit: found "30", expected a duration such as 24h, from 1s to 366d. Did you mean 30s?',
      'MQI_LOG_LEVEL: log.level: found "wran", expected one of trace, debug, info, warn, error. Did you mean warn?',
    ]);
  });

  test('an override of a key that is no single value is an error of the programmer', () => {
    expect(() => loadText(SMALL, { overrides: { 'watch.ignore': 'x' } })).toThrow('watch.ignore');
  });
});

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { configCommand } from '../../src/cli/config.ts';
import { emptyFolder, SMALL } from './load-text.ts';

const FULL = new URL('../fixtures/config/full.yaml', import.meta.url).pathname;

interface Run {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: typeof process.exitCode;
}

/** `mqi config …`, typed in `cwd`. The process is the port here: its streams, its exit code, its folder. */
function mqi(cwd: string, ...args: readonly string[]): Run {
  let [stdout, stderr] = ['', ''];
  vi.spyOn(process, 'cwd').mockReturnValue(cwd);
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => ((stdout += String(text)), true));
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => ((stderr += String(text)), true));
  const before = process.exitCode;
  process.exitCode = 0;
  new Command('mqi')
    .option('--config <file>')
    .option('--database <file>')
    .addCommand(configCommand())
    .parse(['node', 'mqi', ...args]);
  const { exitCode } = process;
  process.exitCode = before;
  vi.restoreAllMocks();
  return { stdout, stderr, exitCode };
}

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('mqi config init', () => {
  test('writes a file that check finds good', () => {
    const cwd = emptyFolder();
    expect(mqi(cwd, 'config', 'init')).toEqual({
      stdout: 'wrote mqi.yaml\nnext: mqi config check mqi.yaml\n',
      stderr: '',
      exitCode: 0,
    });
    const { stdout, exitCode } = mqi(cwd, 'config', 'check', 'mqi.yaml');
    expect([stdout.split('\n')[0], exitCode]).toEqual([`ok        ${cwd}/mqi.yaml`, 0]);
  });

  test('never overwrites, and says 73', () => {
    const cwd = emptyFolder();
    writeFileSync(join(cwd, 'mine.yaml'), 'precious');
    const { stderr, exitCode } = mqi(cwd, 'config', 'init', 'mine.yaml');
    expect([stderr, exitCode]).toEqual([
      'mine.yaml exists and is left as it is\nnext: mqi config check mine.yaml\n',
      73,
    ]);
    expect(readFileSync(join(cwd, 'mine.yaml'), 'utf8')).toBe('precious');
    expect(mqi(cwd, 'config', 'init', 'no/such/mqi.yaml').exitCode).toBe(73);
  });
});

describe('mqi config check', () => {
  test('says in a few lines what would be done', () => {
    expect(mqi(emptyFolder(), 'config', 'check', FULL).stdout).toBe(
      `ok        ${FULL}
watch     /data/new_cases; a case is complete when it is unchanged for 30s
job       "moqui {inputs}/moqui_tps.in", at most 24h
collect   output/**, *.log (optional)
results   /data/results
database  /var/lib/mqi/mqi.db
host      gpu1: ssh gpu1, pueue, root /scratch/mqi, slots gpu0, gpu1
note      the watched folder is not there yet: mkdir -p /data/new_cases
`,
    );
  });

  test('lists all problems on stderr and says 78', () => {
    const cwd = emptyFolder();
    writeFileSync(join(cwd, 'mqi.yaml'), SMALL.replace('path: cases', 'pth: cases'));
    expect(mqi(cwd, 'config', 'check')).toEqual({
      stdout: '',
      stderr: `mqi.yaml:1:1: watch.path: found nothing, expected a path
mqi.yaml:1:10: watch.pth: found a key that is not known here, expected one of path, quiet_period, ready_marker, depth, ignore, rescan_every. Did you mean path?
next: mqi config schema --markdown
`,
      exitCode: 78,
    });
  });

  test('reads the file of the program’s own --config, and of MQI_CONFIG', () => {
    const cwd = emptyFolder();
    mkdirSync(join(cwd, 'etc'));
    writeFileSync(join(cwd, 'etc/a.yaml'), SMALL);
    expect(mqi(cwd, '--config', 'etc/a.yaml', 'config', 'check').stdout).toContain(`ok        ${cwd}/etc/a.yaml`);
    vi.stubEnv('MQI_CONFIG', join(cwd, 'etc/b.yaml'));
    expect(mqi(cwd, 'config', 'check').stderr).toContain('etc/b.yaml: found no such file');
  });
});

describe('mqi config show', () => {
  test('counts in the program’s own --database', () => {
    const { stdout } = mqi(emptyFolder(), '--database', '/data/x.db', 'config', 'show');
    expect(stdout).toContain('database: /data/x.db # --database\n');
  });

  test('prints what is in force as YAML, or as JSON with the origins', () => {
    const cwd = emptyFolder();
    writeFileSync(join(cwd, 'mqi.yaml'), SMALL);
    expect(mqi(cwd, 'config', 'show').stdout).toContain(`results: ${cwd}/results # mqi.yaml:2:10`);
    const { config, origins } = JSON.parse(mqi(cwd, 'config', 'show', '--json').stdout) as {
      config: { results: string };
      origins: Record<string, string>;
    };
    expect([config.results, origins['results']]).toEqual([join(cwd, 'results'), 'mqi.yaml:2:10']);
  });

  test('of a file with problems lists them and says 78', () => {
    const cwd = emptyFolder();
    writeFileSync(join(cwd, 'mqi.yaml'), 'watch:\n');
    expect(mqi(cwd, 'config', 'show').exitCode).toBe(78);
  });
});

test('mqi config schema prints a JSON Schema, or the page of the documentation', () => {
  const schema = JSON.parse(mqi('/', 'config', 'schema').stdout) as { type: string; title: string };
  expect(schema).toMatchObject({ type: 'object', title: 'mqi-communicator configuration' });
  expect(mqi('/', 'config', 'schema', '--markdown').stdout).toMatch(/^# Configuration\n/);
});

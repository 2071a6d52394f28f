import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { EXIT_MEANINGS } from '../../src/cli/exit-code.ts';
import { StoreError } from '../../src/store/store-error.ts';
import { operatorOf } from '../../src/cli/io.ts';
import { columnsFrom, wantsColour } from '../../src/cli/screen.ts';
import { tempFolder } from '../store/temp.ts';
import { run, testClock, testSite } from './site.ts';

describe('the command line', () => {
  it('has an exit code for each kind of trouble, says what it is and what to type next', async () => {
    const folder = tempFolder();
    writeFileSync(join(folder, 'bad.yaml'), 'watch: { paht: x }\n');
    writeFileSync(join(folder, 'text.db'), 'this is no database');
    mkdirSync(join(folder, 'empty'));
    const lines: readonly (readonly [readonly string[], number, string])[] = [
      [['frobnicate'], 2, 'mqi --help'],
      [['cases', 'lsit'], 2, 'mqi cases --help'],
      [['cases', 'list', '--frob'], 2, 'mqi cases list --help'],
      [['cases', 'list', 'extra'], 2, 'mqi cases list --help'],
      [['status', '--config', 'bad.yaml'], 78, 'mqi config'],
      [['status', '--config', 'none.yaml'], 78, 'mqi config init none.yaml'],
      [['status'], 66, 'mqi run'],
      [['status', '--database', 'text.db'], 1, 'restore a backup'],
      [['run', '--database', 'bad.yaml/mqi.db'], 73, '--database'],
      [['demo', '--dir', folder], 73, 'mqi demo --dir'],
    ];
    for (const [line, code, next] of lines) {
      const ran = await run(line, testClock(), folder);
      expect([line, ran.code, ran.out]).toEqual([line, code, '']);
      expect(ran.err).toMatch(/^mqi: /);
      expect(ran.err).toContain('\n  next: ');
      expect(ran.err).toContain(next);
      expect(ran.err).not.toMatch(/\n\s+at /);
    }
  });

  it('names every problem of a configuration', async () => {
    const folder = tempFolder();
    writeFileSync(join(folder, 'mqi.yaml'), 'watch: { path: a, quiet_period: 3 }\njob: {}\n');
    const { err } = await run(['status'], testClock(), folder);
    expect(err).toContain('mqi.yaml:1');
    expect(err).toContain('quiet_period');
    expect(err).toContain('job.command');
  });

  it('takes --config and --database before and after a command', async () => {
    const site = testSite();
    site.admit('lung');
    for (const line of [
      ['--database', site.database, 'cases', 'list', '--json'],
      ['cases', '--database', site.database, 'list', '--json'],
      ['cases', 'list', '--json', '--database', site.database],
    ]) {
      expect((await run(line, testClock(), site.folder)).out).toContain('"lung"');
    }
  });

  it('shows help and its version as answers, and a bare mqi as a mistake', async () => {
    const folder = tempFolder();
    for (const line of [
      ['--help'],
      ['help'],
      ['cases', '--help'],
      ['help', 'exit-codes'],
      ['exit-codes'],
      ['--version'],
    ]) {
      const ran = await run(line, testClock(), folder);
      expect([line, ran.code, ran.err]).toEqual([line, 0, '']);
      expect(ran.out).not.toBe('');
    }
    expect((await run([], testClock(), folder)).code).toBe(2);
  });

  it('does not obey escape sequences in its arguments', async () => {
    const site = testSite();
    for (const line of [['cases', 'show', '\u001b[2J'], ['\u001b[2J'], ['cases', 'list', '--state', '\u001b[2J']]) {
      const ran = await site.run(line, { tty: true, env: { NO_COLOR: '1' } });
      expect(ran.err.replaceAll(/\u001b\[[0-9;]*m/g, '')).not.toContain('\u001b');
    }
  });

  it('prints a stack trace only when it is asked for', async () => {
    const site = testSite();
    expect((await site.run(['cases', 'show', 'x'])).err).not.toContain('case-ref');
    expect((await site.run(['cases', 'show', 'x'], { env: { MQI_DEBUG: '1' } })).err).toContain('case-ref');
  });

  it('refuses to be a second daemon, with a code of its own', async () => {
    const site = testSite();
    const lock = site.holdLock();
    const { code, err } = await site.run(['run']);
    expect(code).toBe(75);
    expect(err).toContain(`pid ${process.pid}`);
    lock.release();
  });
});

describe('the surroundings of a command', () => {
  it('name the person behind sudo', () => {
    const account = (): string => 'mqi';
    expect(operatorOf({ SUDO_USER: 'ada', USER: 'root' }, 'desk', account)).toBe('ada@desk');
    expect(operatorOf({ USER: 'ada' }, 'desk', account)).toBe('ada@desk');
    expect(operatorOf({ USER: '' }, 'desk', account)).toBe('mqi@desk');
  });

  it('want colours on a terminal alone, and never against NO_COLOR', () => {
    expect(wantsColour(true, {})).toBe(true);
    expect(wantsColour(false, {})).toBe(false);
    expect(wantsColour(true, { NO_COLOR: '1' })).toBe(false);
    expect(wantsColour(true, { TERM: 'dumb' })).toBe(false);
    expect(wantsColour(false, { FORCE_COLOR: '1' })).toBe(true);
  });

  it('have the width of the terminal, of COLUMNS, or none', () => {
    expect(columnsFrom({ isTTY: true, columns: 120 }, {})).toBe(120);
    expect(columnsFrom({ isTTY: true }, {})).toBe(80);
    expect(columnsFrom({}, {})).toBeNull();
    expect(columnsFrom({}, { COLUMNS: '60' })).toBe(60);
  });

  it('have an error of the store carry its own next command', () => {
    expect(new StoreError('x', 'mqi db check').next).toBe('mqi db check');
    expect([...EXIT_MEANINGS.keys()]).toEqual([0, 1, 2, 66, 73, 75, 78, 130]);
  });
});

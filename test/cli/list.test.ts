import Sqlite from 'better-sqlite3';
import { drizzle } from 'drizzle-orm/better-sqlite3';
import { describe, expect, it } from 'vitest';

import type { CaseListShape } from '../../src/views/shapes.ts';
import { caseNames, countCases, findCases, listCases, parseCursor } from '../../src/store/queries.ts';
import { testSite } from './site.ts';

const json = (text: string): CaseListShape => JSON.parse(text) as CaseListShape;

describe('mqi cases list', () => {
  it('pages from the newest to the oldest; no case is shown twice or left out, though one comes in between', async () => {
    const site = testSite();
    const ids = ['a', 'b', 'c', 'd', 'e'].map((name) => site.admit(name));
    const first = json((await site.run(['cases', 'list', '--json', '--limit', '2'])).out);
    site.admit('newcomer');
    const second = json((await site.run(['cases', 'list', '--json', '--limit', '2', '--after', first.next!])).out);
    const third = json((await site.run(['cases', 'list', '--json', '--limit', '2', '--after', second.next!])).out);
    expect([first, second, third].flatMap((page) => page.cases.map((row) => row.id))).toEqual(ids.reverse());
    expect(third.next).toBeNull();
  });

  it('tells cases of the same millisecond apart by their ids', async () => {
    const site = testSite();
    for (const name of ['x1', 'x2', 'x3']) {
      site.admit(name);
      site.clock.pass(-1_000);
    }
    const first = json((await site.run(['cases', 'list', '--json', '--limit', '2'])).out);
    const second = json((await site.run(['cases', 'list', '--json', '--limit', '2', '--after', first.next!])).out);
    expect([...first.cases, ...second.cases].map((row) => row.id)).toEqual(['x3', 'x2', 'x1']);
  });

  it('filters by state, by kind of failure, and by a part of the name taken literally', async () => {
    const site = testSite();
    const bad = site.admit('100%_done');
    site.execute(bad);
    site.finish(bad, 3);
    site.admit('100xxdone');
    const names = async (...argv: string[]): Promise<string[]> =>
      json((await site.run(['cases', 'list', '--json', ...argv])).out).cases.map((row) => row.name);
    expect(await names('--state', 'submitted')).toEqual(['100xxdone']);
    expect(await names('--state', 'running')).toEqual([]);
    expect(await names('--failure', 'job_failed')).toEqual(['100%_done']);
    expect(await names('--failure', 'timed_out')).toEqual([]);
    expect(await names('--search', '%_D')).toEqual(['100%_done']);
    expect(await names('--search', 'DONE')).toHaveLength(2);
  });

  it('refuses what is no state, no number and no page, as wrong usage', async () => {
    const site = testSite();
    for (const argv of [
      ['--state', 'lost'],
      ['--limit', '0'],
      ['--limit', '1e9'],
      ['--after', 'x;drop table'],
    ]) {
      const { code, err, out } = await site.run(['cases', 'list', ...argv]);
      expect([code, out]).toEqual([2, '']);
      expect(err).toMatch(/^mqi: .*\n[^]*next: mqi cases list/);
    }
  });

  it('shows names with line ends and escape sequences without obeying them', async () => {
    const site = testSite();
    site.admit('evil\u001b[2J\nname', 'evil');
    const { out } = await site.run(['cases', 'list'], { tty: true, columns: 100 });
    expect(out).toContain('evil\\x1b[2J\\nname');
    expect(out.split('\n')).toHaveLength(3);
    expect((await site.run(['cases', 'list', '--json'])).out).toContain('evil\\u001b[2J\\nname');
  });

  it('fits a terminal of 80 columns with names far longer than that', async () => {
    const site = testSite();
    site.execute(site.admit(`patient-${'x'.repeat(200)}-end`, 'long'));
    const { out } = await site.run(['cases', 'list'], { tty: true, columns: 80, env: { NO_COLOR: '1' } });
    const plain = out.replaceAll(/\u001b\[[0-9;]*m/g, '');
    for (const line of plain.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    expect(plain).toMatch(/pat.*…x*-end/);
  });

  it('says what to do where there is nothing to list', async () => {
    const site = testSite();
    expect((await site.run(['cases', 'list'])).err).toContain('mqi intake list');
    expect((await site.run(['cases', 'list', '--state', 'failed'])).err).toBe('no case is like that\n');
    expect(json((await site.run(['cases', 'list', '--json'])).out)).toEqual({ cases: [], next: null });
  });
});

describe('the list of many cases', () => {
  /** The statements that a query runs, as SQLite plans them. */
  function planOf(path: string, ask: (db: ReturnType<typeof drizzle>) => unknown): string[] {
    const statements: string[] = [];
    const sqlite = new Sqlite(path, { verbose: (statement) => void statements.push(String(statement)) });
    try {
      ask(drizzle(sqlite));
      return [...statements].flatMap((statement) =>
        (sqlite.prepare(`explain query plan ${statement}`).all() as { detail: string }[]).map((row) => row.detail),
      );
    } finally {
      sqlite.close();
    }
  }

  it('is read from an index in its order: nothing is sorted, page 500 costs what page 1 costs', () => {
    const site = testSite();
    site.admit('a');
    const plan = planOf(site.database, (db) => listCases(db, {}, parseCursor('1767323045000.c1'), 50));
    expect(plan).toEqual([expect.stringMatching(/^SEARCH cases USING INDEX cases_by_created/)]);
  });

  it('is counted and searched by name in indexes', () => {
    const site = testSite();
    site.admit('a');
    const counted = planOf(site.database, (db) => countCases(db));
    expect(counted[0]).toMatch(/^SEARCH cases USING COVERING INDEX cases_by_state/);
    expect(planOf(site.database, (db) => caseNames(db))).toEqual([
      expect.stringMatching(/^SCAN cases USING COVERING INDEX cases_by_name/),
    ]);
    for (const step of planOf(site.database, (db) => findCases(db, 'nothing', 10))) {
      expect(step).toMatch(/^SEARCH cases USING INDEX/);
    }
  });

  it('is filtered by state without a scan of the whole table', () => {
    const site = testSite();
    site.admit('a');
    const plan = planOf(site.database, (db) => listCases(db, { state: 'failed' }, null, 50));
    expect(plan.join('\n')).toMatch(/USING INDEX cases_by_(state|created)/);
    expect(plan.join('\n')).not.toMatch(/USE TEMP B-TREE FOR ORDER BY$/);
  });
});

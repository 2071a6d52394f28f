import { describe, expect, it } from 'vitest';

import { writeMeta } from '../../src/store/meta.ts';
import { beginOrder, closeOrder, openOrders, orderOf } from '../../src/store/orders.ts';
import { testSite } from './site.ts';

describe('an order', () => {
  it('is recorded with who and why, kept while no daemon runs, and is no failure then', async () => {
    const site = testSite();
    const id = site.admit('lung');
    const { code, out } = await site.run(['cases', 'cancel', 'lung', '--why', 'wrong beam']);
    expect(code).toBe(0);
    expect(out).toMatch(/^kept .*no daemon is running.*mqi run/);
    const [order] = openOrders(site.store.db);
    expect(order).toMatchObject({ kind: 'cancel', caseId: id, by: 'ada@desk', why: 'wrong beam' });
  });

  it('says "no reason given" where none is', async () => {
    const site = testSite();
    site.admit('lung');
    await site.run(['cases', 'pause', 'lung']);
    expect(openOrders(site.store.db)[0]?.why).toBe('no reason given');
  });

  it('is answered by the daemon that runs: done is 0, refused is 1', async () => {
    const site = testSite();
    site.admit('lung');
    const lock = site.holdLock();
    site.clock.during = () => site.answerOrders('done', 'it gets no slot');
    const done = await site.run(['cases', 'pause', 'lung']);
    expect([done.code, done.out]).toEqual([0, 'done     pause lung: it gets no slot\n']);
    site.clock.during = () => site.answerOrders('refused', 'it is not paused');
    const refused = await site.run(['cases', 'resume', 'lung']);
    expect([refused.code, refused.err]).toEqual([1, 'refused  resume lung: it is not paused\n']);
    lock.release();
  });

  it('that somebody cancelled meanwhile says by whom, and is no success', async () => {
    const site = testSite();
    const lung = site.admit('lung');
    const lock = site.holdLock();
    site.clock.during = () =>
      site.store.write((tx) => {
        for (const row of openOrders(site.store.db)) closeOrder(tx, row.id, 'cancelled', 'cancelled by bob', 1);
      });
    const { code, err } = await site.run(['cases', 'retry', lung]);
    expect([code, err]).toEqual([1, 'cancelled  retry lung: cancelled by bob\n']);
    expect((await site.run(['orders'])).out).toContain('cancelled: cancelled by bob');
    lock.release();
  });

  it('that is being carried out says how far it is, to whoever gave it and to whoever asks', async () => {
    const site = testSite();
    const lung = site.admit('lung');
    const lock = site.holdLock();
    const progress = { doing: 'its folder is being read for a retry', moved: 12 * 1024 ** 3, total: 40 * 1024 ** 3 };
    site.clock.during = () =>
      site.store.write((tx) => {
        for (const row of openOrders(site.store.db)) beginOrder(tx, row.id, progress, site.clock.now());
      });
    const says = 'its folder is being read for a retry: 12.0 GiB of 40.0 GiB (30%)';
    const given = await site.run(['cases', 'retry', lung]);
    expect([given.code, given.out]).toEqual([
      0,
      expect.stringMatching(/^kept +retry lung: order #1 is being carried out: its folder is being read/),
    ]);
    site.clock.during = () => {};
    expect((await site.run(['orders'])).out).toContain(says);
    expect((await site.run(['why', 'lung'])).out).toContain(`${says} (order #1, by ada@desk)`);
    expect((await site.run(['cases', 'show', 'lung'])).out).toContain(says);
    const { orders } = JSON.parse((await site.run(['orders', '--json'])).out) as { orders: readonly unknown[] };
    expect(orders).toMatchObject([{ progress, startedAt: expect.stringContaining('T'), handledAt: null }]);
    lock.release();
    // what a daemon was at that is gone says nothing
    expect((await site.run(['orders'])).out).toContain('waits for the daemon');
    expect((await site.run(['why', 'lung'])).out).toContain('ordered and not handled yet: retry (#1, by ada@desk)');
  });

  it('is waited for some seconds and no longer: then it is kept', async () => {
    const site = testSite();
    site.admit('lung');
    const lock = site.holdLock();
    const before = site.clock.monotonic();
    const { code, out } = await site.run(['cases', 'pause', 'lung']);
    expect(code).toBe(0);
    expect(out).toContain('the daemon has not come to it yet');
    expect(site.clock.monotonic() - before).toBeLessThan(6_000);
    lock.release();
  });

  it('for several cases is recorded for none, when one of them is unknown', async () => {
    const site = testSite();
    site.admit('lung');
    expect((await site.run(['cases', 'retry', 'lung', 'zzz'])).code).toBe(66);
    expect(openOrders(site.store.db)).toEqual([]);
  });

  it('carries what it asks for', async () => {
    const site = testSite();
    const caseId = site.admit('lung');
    const lines: readonly (readonly string[])[] = [
      ['cases', 'retry', 'lung', '--limit', '48h'],
      ['cases', 'retry', 'lung'],
      ['cases', 'limit', 'lung', '1h30m'],
      ['cases', 'priority', 'lung', '-5'],
      ['cases', 'adopt', 'lung', '--token', 'mqi-test-lung-1-x'],
      ['cases', 'abandon', 'lung', '--why', 'gone', '--yes'],
      ['slots', 'clear', 'local/gpu.1'],
      ['slots', 'clear', 'gpu.2'],
      ['intake', 'admit', '--all', '--as-done'],
      ['hosts', 'takeover', 'local'],
    ];
    for (const line of lines) expect([line, (await site.run(line)).code]).toEqual([line, 0]);
    expect(openOrders(site.store.db).map(orderOf)).toEqual([
      { kind: 'retry', caseId, limitMs: 172_800_000 },
      { kind: 'retry', caseId, limitMs: null },
      { kind: 'limit', caseId, limitMs: 5_400_000 },
      { kind: 'priority', caseId, priority: -5 },
      { kind: 'adopt', caseId, token: 'mqi-test-lung-1-x' },
      { kind: 'abandon', caseId },
      { kind: 'clear_slot', host: 'local', slot: 'gpu.1' },
      { kind: 'clear_slot', host: 'local', slot: 'gpu.2' },
      { kind: 'admit', path: null, asDone: true },
      { kind: 'takeover', host: 'local' },
    ]);
  });

  it('that cannot be meant is refused before it is recorded', async () => {
    const site = testSite();
    site.admit('lung');
    const lines: readonly (readonly [readonly string[], number])[] = [
      [['cases', 'limit', 'lung', '48'], 2],
      [['cases', 'limit', 'lung', '0s'], 2],
      [['cases', 'limit', 'lung', '500ms'], 2],
      [['cases', 'limit', 'lung', '99999d'], 2],
      [['cases', 'retry', 'lung', '--limit', '99999d'], 2],
      [['cases', 'priority', 'lung', 'high'], 2],
      [['cases', 'abandon', 'lung'], 2],
      [['intake', 'admit'], 2],
      [['intake', 'admit', 'nothing'], 66],
      [['slots', 'clear', 'gpu.9'], 66],
      [['hosts', 'takeover', 'mars'], 66],
    ];
    for (const [line, code] of lines) {
      const ran = await site.run(line);
      expect([line, ran.code]).toEqual([line, code]);
      expect(ran.err).toMatch(/^mqi: .+\n(  .*\n)*  next: .+\n$/);
    }
    expect((await site.run(['cases', 'limit', 'lung', '0s'])).err).toBe(
      'mqi: a limit of 0s would end every job at its start\n  next: write it as 30m, 24h, 1h30m or 7d, from 1s to 366d\n',
    );
    expect((await site.run(['cases', 'limit', 'lung', '99999d'])).err).toContain('longer than any job may run (366d)');
    expect(openOrders(site.store.db)).toEqual([]);
  });

  it('is listed afterwards with what became of it', async () => {
    const site = testSite();
    site.admit('lung');
    expect((await site.run(['orders'])).out).toBe('no orders yet\n');
    await site.run(['cases', 'pause', 'lung', '--why', 'new plan']);
    site.answerOrders('refused', 'it is executing');
    await site.run(['slots', 'clear', 'gpu.1']);
    const { out } = await site.run(['orders']);
    expect(out).toMatch(/1 +pause +lung +ada@desk +new plan .*refused: it is executing/);
    expect(out).toMatch(/2 +clear_slot +local\/gpu.1 .*waits for the daemon/);
    expect(JSON.parse((await site.run(['orders', '--json'])).out)).toMatchObject({ orders: [{ id: 2 }, { id: 1 }] });
  });

  it('is printed as JSON for scripts', async () => {
    const site = testSite();
    const id = site.admit('lung');
    const { out } = await site.run(['cases', 'pause', 'lung', '--json']);
    expect(JSON.parse(out)).toMatchObject({
      orders: [{ id: 1, kind: 'pause', case: id, outcome: null, handledAt: null }],
      daemon: { running: false },
    });
  });
});

describe('an order that repairs', () => {
  it('only says what would happen with --dry-run', async () => {
    const site = testSite();
    const token = site.execute(site.admit('lung'));
    const abandon = await site.run(['cases', 'abandon', 'lung', '--why', 'x', '--dry-run']);
    expect(abandon.code).toBe(0);
    expect(abandon.out).toContain('slot local/gpu.1 is quarantined');
    expect(abandon.out).toContain(token);
    for (const line of [
      ['slots', 'clear', 'local/gpu.1', '--dry-run'],
      ['cases', 'adopt', 'lung', '--dry-run'],
    ]) {
      const ran = await site.run(line);
      expect(ran.code).toBe(1);
      expect(ran.out).toContain('would be refused');
    }
    expect((await site.run(['hosts', 'takeover', 'local', '--dry-run'])).out).toContain(`${site.root}/owner`);
    expect(openOrders(site.store.db)).toEqual([]);
  });

  it('is said to be refused where it would be: a root while something counts on the one before', async () => {
    const site = testSite();
    site.execute(site.admit('lung'));
    const line = ['hosts', 'takeover', 'local', '--dry-run'];
    site.store.write((tx) => writeMeta(tx, 'root:local', site.root));
    expect((await site.run(line)).code).toBe(0);
    site.store.write((tx) => writeMeta(tx, 'root:local', '/before'));
    const { code, out } = await site.run(line);
    expect([code, out]).toEqual([
      1,
      expect.stringMatching(/refused:\n.* an attempt lies in \/before: put "root: \/before" back/),
    ]);
  });

  it('asks a person first; without one, --yes has to say so', async () => {
    const site = testSite();
    site.execute(site.admit('lung'));
    const line = ['cases', 'abandon', 'lung', '--why', 'host scrapped'];
    const refused = await site.run(line, { answer: false });
    expect([refused.code, refused.asked]).toEqual([1, ['abandon lung?']]);
    expect(refused.err).toContain('may still run');
    expect((await site.run(line)).code).toBe(2);
    expect(openOrders(site.store.db)).toEqual([]);
    expect((await site.run(line, { answer: true })).code).toBe(0);
    expect(openOrders(site.store.db)).toHaveLength(1);
  });
});

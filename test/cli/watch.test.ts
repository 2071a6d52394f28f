import { describe, expect, it } from 'vitest';

import { updateAttempt } from '../../src/store/attempts.ts';
import { testSite } from './site.ts';

describe('mqi cases watch', () => {
  it('prints a line a change into a pipe, and ends with 0 when all named cases are completed', async () => {
    const site = testSite();
    const id = site.admit('lung');
    const other = site.admit('other');
    const steps = [
      () => void site.execute(id),
      () => site.drive(other, { type: 'operator.paused', by: 'x' }),
      () => site.finish(id, 0),
    ];
    site.clock.during = () => steps.shift()?.();
    const { code, out } = await site.run(['cases', 'watch', 'lung']);
    expect(code).toBe(0);
    const lines = out.trimEnd().split('\n');
    expect(lines[0]).toBe('lung: waiting');
    expect(lines).toHaveLength(9);
    expect(lines[3]).toMatch(/^\d\d:\d\d:\d\d  lung  staged → creating  gets slot gpu.1$/);
    expect(out).not.toContain('other');
  });

  it('ends with 1 when one of them failed, at once when they are over already', async () => {
    const site = testSite();
    const id = site.admit('lung');
    site.execute(id);
    site.finish(id, 3);
    const { code, out } = await site.run(['cases', 'watch', 'lung']);
    expect([code, out]).toEqual([1, 'lung: failed\n']);
  });

  it('ends with Ctrl-C: 0 when it was to go on for ever, 130 when it waited for something', async () => {
    const site = testSite();
    site.admit('lung');
    const stop = new AbortController();
    site.clock.during = () => stop.abort();
    expect((await site.run(['cases', 'watch'], { signal: stop.signal })).code).toBe(0);
    expect((await site.run(['cases', 'watch', 'lung'], { signal: stop.signal })).code).toBe(130);
  });

  it('prints a JSON value a line for scripts', async () => {
    const site = testSite();
    const id = site.admit('lung');
    site.clock.during = () => site.drive(id, { type: 'operator.cancelled', by: 'ada', why: 'x' });
    const { code, out } = await site.run(['cases', 'watch', 'lung', '--json']);
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ case: id, name: 'lung', event: 'operator.cancelled', to: 'failed' });
  });

  it('redraws a table on a terminal, with progress and rate, and gives the terminal back as it was', async () => {
    const site = testSite();
    const id = site.admit('lung');
    const token = 'mqi-test-lung-1-aaaaaaaa';
    site.drive(id, { type: 'host.assigned', host: 'local', token });
    let movedBytes = 0;
    const move = (): void => {
      movedBytes += 1_048_576;
      site.store.write((tx) => updateAttempt(tx, token, { movedBytes, totalBytes: 4_194_304 }));
    };
    const steps = [move, move, () => site.drive(id, { type: 'operator.cancelled', by: 'ada', why: 'x' })];
    site.clock.during = () => steps.shift()?.();
    const { out } = await site.run(['cases', 'watch', 'lung'], { tty: true, columns: 100 });
    expect(out).toContain('2.0 MiB of 4.0 MiB (50%), 2.0 MiB/s, 1s left');
    expect(out).toContain('cancelled');
    expect(out.endsWith('\u001b[?25h\u001b[?7h')).toBe(true);
  });

  it('keeps a case in view that ended while every live one was watched', async () => {
    const site = testSite();
    const id = site.admit('lung');
    const stop = new AbortController();
    const steps = [() => site.drive(id, { type: 'operator.cancelled', by: 'ada', why: 'x' }), () => stop.abort()];
    site.clock.during = () => steps.shift()?.();
    const { out } = await site.run(['cases', 'watch'], { tty: true, signal: stop.signal });
    const last = out.slice(out.lastIndexOf('\u001b[0J'));
    expect(last).toContain('lung');
  });
});

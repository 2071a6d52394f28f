import { writeFileSync } from 'node:fs';

import { expect, test } from 'vitest';

import { webOf } from '../../src/store/queries.ts';
import { createHpc, describeOnHpc } from '../hpc/lab.ts';

/** The log of a case as the page has it. */
async function logOf(
  url: string,
  id: string,
  stream = 'stdout',
): Promise<{ readonly text: string; readonly state: string | null }> {
  const answer = await fetch(`${url}cases/${id}/log?stream=${stream}`);
  return { text: await answer.text(), state: answer.headers.get('mqi-log') };
}

describeOnHpc('the log of a job on another machine', {}, () => {
  test('is followed on the page while it runs, is said to be unreachable when it is, and whole when it is collected', async () => {
    const hpc = await createHpc({ proxied: true, config: { web: { listen: '127.0.0.1:0' } } });
    hpc.start();
    const url = await hpc.until('the page is served', (from) => webOf(from.db).url);
    const waits = (name: string): string => `until [ -e '${hpc.file(name)}' ]; do sleep 0.05; done`;
    hpc.drop('case', `echo one; echo oops >&2; ${waits('two')}; echo two; ${waits('end')}; echo three; mkdir output`);
    const { id } = await hpc.in('case', 'executing');
    const shows = (text: string, stream?: string) =>
      hpc.eventually(`the log says ${text}`, async () => {
        const log = await logOf(url, id, stream);
        return log.text.includes(text) ? log : null;
      });
    expect(await shows('one')).toEqual({ text: 'one\n', state: 'grows' });
    expect(await shows('oops', 'stderr')).toEqual({ text: 'oops\n', state: 'grows' });
    writeFileSync(hpc.file('two'), '');
    expect((await shows('two')).text).toBe('one\ntwo\n');
    // a thousand who look at it ask the host no more often than one
    const before = hpc.commands();
    await Promise.all(Array.from({ length: 200 }, () => logOf(url, id)));
    expect(hpc.commands() - before).toBeLessThan(50);
    hpc.proxy.set({ refuse: true });
    hpc.proxy.reset();
    await shows('it cannot be seen now');
    hpc.proxy.set({ refuse: false });
    writeFileSync(hpc.file('end'), '');
    await hpc.final('case');
    expect(await logOf(url, id)).toEqual({ text: 'one\ntwo\nthree\n', state: 'whole' });
  });
});

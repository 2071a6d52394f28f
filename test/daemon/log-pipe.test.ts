import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, onTestFinished, test } from 'vitest';

import { lastingTroubles } from '../../src/store/troubles.ts';
import { MAIN, createSite } from '../lab/site.ts';

/** One page less than a pipe holds. */
const FILLING_BYTES = 65_536 - 2_048;

/** A daemon whose standard output is a pipe that is nearly full, and that nobody reads before `go` is there. */
function unread(site: ReturnType<typeof createSite>) {
  const [go, out] = [join(site.folder, 'go'), join(site.folder, 'out')];
  const script = `{ head -c ${FILLING_BYTES} /dev/zero | tr '\\0' '\\n'; exec "$1" "$2" run --config "$3"; } |
    { while [ ! -e "$4" ]; do sleep 0.1; done; exec cat > "$5"; }`;
  const child = spawn('sh', ['-c', script, 'sh', process.execPath, MAIN, join(site.folder, 'mqi.yaml'), go, out], {
    stdio: 'ignore',
    detached: true,
  });
  const closed = once(child, 'close');
  const stop = async (signal: NodeJS.Signals): Promise<void> => {
    const { out: text } = await site.mqi('status', '--json');
    const { daemon } = JSON.parse(text) as { readonly daemon: { readonly pid: number | null } };
    if (daemon.pid !== null) process.kill(daemon.pid, signal);
  };
  onTestFinished(async () => {
    await stop('SIGKILL');
    writeFileSync(go, '');
    await closed;
  });
  return {
    read: () => writeFileSync(go, ''),
    said: () => (existsSync(out) ? readFileSync(out, 'utf8') : ''),
    stop,
    closed,
  };
}

test('a log pipe that nobody reads does not stop the daemon: lines are dropped and counted, and the count is told later', async () => {
  const site = createSite();
  const log = unread(site);
  for (const name of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']) site.drop(name, 'echo done');
  for (const name of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']) expect((await site.final(name)).state).toBe('completed');
  await site.until('the log is in trouble', ({ db }) => lastingTroubles(db).some(({ what }) => what === 'log'));
  log.read();
  site.drop('late', 'echo done');
  await site.final('late');
  await expect.poll(log.said).toMatch(/[1-9][0-9]* lines of the log were dropped: nobody read them/);
  // each line that was written is whole
  const lines = log
    .said()
    .split('\n')
    .filter((line) => line !== '');
  for (const line of lines.slice(0, -1)) expect(() => JSON.parse(line) as unknown).not.toThrow();
  await site.until('the log is well', ({ db }) => !lastingTroubles(db).some(({ what }) => what === 'log'));
});

test('nor does a reader that has gone', async () => {
  const site = createSite();
  const script = `"$1" "$2" run --config "$3" | true`;
  const child = spawn('sh', ['-c', script, 'sh', process.execPath, MAIN, join(site.folder, 'mqi.yaml')], {
    stdio: 'ignore',
  });
  onTestFinished(async () => {
    const { out: text } = await site.mqi('status', '--json');
    const { daemon } = JSON.parse(text) as { readonly daemon: { readonly pid: number | null } };
    if (daemon.pid !== null) process.kill(daemon.pid, 'SIGKILL');
    await once(child, 'close');
  });
  site.drop('a', 'echo done');
  expect((await site.final('a')).state).toBe('completed');
});

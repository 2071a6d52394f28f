import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { recordOrder } from '../../src/store/orders.ts';
import { openOrders } from '../../src/store/queries.ts';
import { openNotifySocket } from '../lab/notify-socket.ts';
import type { NotifySocket } from '../lab/notify-socket.ts';
import { missingParts } from '../lab/parts.mjs';
import { createSite } from '../lab/site.ts';

const isMissing = missingParts().some(({ name }) => name === 'systemd' || name === 'python3');
const pings = ({ heard }: NotifySocket): number => heard.filter(({ text }) => text === 'WATCHDOG=1').length;
const silentForMs = ({ heard }: NotifySocket): number =>
  performance.now() - (heard.findLast(({ text }) => text === 'WATCHDOG=1')?.atMs ?? 0);

test.skipIf(isMissing)('systemd hears when the daemon is ready, that it lives, and that it stops', async () => {
  const site = createSite();
  const socket = await openNotifySocket(site.folder);
  // what systemd tells the daemon is not for its jobs: one of them could speak for it
  site.drop('case', 'mkdir -p output; env > output/env\n');
  const daemon = site.start({
    env: { NOTIFY_SOCKET: socket.path, WATCHDOG_USEC: '1500000' },
  });
  await site.until('it is ready and fed four times', () => pings(socket) >= 4);
  const words = socket.heard.map(({ text }) => text);
  expect(words).toContain('READY=1');
  expect(words).toContain(`STATUS=watching ${site.watch}`);
  expect((await site.final('case')).state).toBe('completed');
  const environment = readFileSync(join(site.results, 'case', 'attempt-1', 'output', 'env'), 'utf8');
  expect(environment).toContain('MQI_TOKEN=');
  expect(environment).not.toMatch(/NOTIFY_SOCKET|WATCHDOG/);
  expect(words).not.toContain('STOPPING=1');
  daemon.kill('SIGTERM');
  expect(await daemon.exited).toMatchObject({ code: 0 });
  expect(socket.heard.map(({ text }) => text)).toContain('STOPPING=1');
});

test.skipIf(isMissing)('a supervisor that is held up is not fed for, though everything else goes on', async () => {
  const site = createSite();
  const socket = await openNotifySocket(site.folder);
  site.start({ env: { NOTIFY_SOCKET: socket.path, WATCHDOG_USEC: '1500000' }, failPoints: 'tick=lost@40' });
  await site.until('it is fed', () => pings(socket) >= 5);
  await site.until('it is fed no more', () => silentForMs(socket) > 3_000);
  const before = pings(socket);
  const order = { kind: 'admit', path: '/nowhere', asDone: false } as const;
  site.store((store) => recordOrder(store, order, 'tester', 'a test', Date.now()));
  // the event loop, the intake, the hosts and the slots are all at work
  site.drop('case', 'sleep 1; mkdir -p output\n');
  expect((await site.final('case')).state).toBe('completed');
  expect(pings(socket)).toBe(before);
  expect(site.reader(({ db }) => openOrders(db))).toHaveLength(1);
});

test('lines into the journal have its priorities, and say the rest in words', async () => {
  const site = createSite();
  // the standard output is what JOURNAL_STREAM names, as systemd makes it
  const wrap = [
    'sh',
    '-c',
    'exec 3>&1; JOURNAL_STREAM=$(stat -Lc %d:%i /proc/self/fd/3); export JOURNAL_STREAM; exec "$@" 3>&-',
    'sh',
  ];
  site.drop('case', 'exit 3\n');
  const daemon = site.start({ wrap });
  await site.final('case');
  await site.until('it is said', () => daemon.log().includes('→ failed'));
  const lines = daemon.log().trim().split('\n');
  expect(lines.filter((line) => !/^<[2-7]>/.test(line))).toEqual([]);
  expect(lines.some((line) => /^<6>watching .* \{"watch":/.test(line))).toBe(true);
  expect(lines.some((line) => /^<4>case: .* → failed: .* \{"caseId":"[0-9a-f]{12}",/.test(line))).toBe(true);
});

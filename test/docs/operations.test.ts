import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { signatureOf } from '../../src/daemon/notify/webhook-sink.ts';
import { ALARM_KINDS } from '../../src/domain/alarm.ts';
import { TROUBLE_KINDS, TROUBLES } from '../../src/domain/trouble.ts';

const text = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'operations.md'), 'utf8');
const alarms = text
  .split(/^## Alarms$/m)[1]!
  .split(/^### /m)
  .slice(1);

test('docs/operations.md has one heading an alarm, and no other', () => {
  expect(alarms.map((alarm) => alarm.split('\n')[0])).toEqual([...ALARM_KINDS]);
});

test.each(alarms.map((alarm) => [alarm.split('\n')[0]!, alarm] as const))(
  '%s says what it means, what the daemon does and what to do, with a command',
  (_, alarm) => {
    for (const part of ['**What it means.**', '**What the daemon does.**', '**What to do.**'])
      expect(alarm).toContain(part);
    expect(alarm.split('**What to do.**')[1]).toMatch(/`mqi [a-z]+/);
  },
);

test('docs/operations.md has a line for each kind of trouble: the sentence that is shown, and what to do', () => {
  const trouble = alarms.find((alarm) => alarm.startsWith('trouble\n'))!;
  const rows = [...trouble.matchAll(/^\| `(\w+)` +\| ([^|]+?) +\| ([^|]+?) +\|$/gm)].map((match) => match.slice(1));
  expect(rows.map(([kind, sentence]) => [kind, sentence])).toEqual(TROUBLE_KINDS.map((kind) => [kind, TROUBLES[kind]]));
  for (const [kind, , advice] of rows) expect(advice, kind).toMatch(/\w+ \w+ \w+/);
});

test('docs/operations.md has every chapter that an operator looks for', () => {
  const chapters = [...text.matchAll(/^## (.+)$/gm)].map((match) => match[1]);
  expect(chapters).toEqual([
    'Install',
    'As a service',
    'Upgrade',
    'Back up',
    'Restore',
    'Move to another machine',
    'Change the root of a host',
    'Take over from the earlier program',
    'Watch it',
    'Notifications',
    'Alarms',
  ]);
});

test('the receiver of docs/operations.md takes what the daemon signs, and nothing else', () => {
  const snippet = /```js\n([^]*?)```/.exec(text)![1]!;
  const now = String(Math.floor(Date.now() / 1_000));
  const old = String(Number(now) - 3_600);
  const signed = (timestamp: string, body: string, secret = 'secret') => ({
    headers: { 'x-mqi-timestamp': timestamp, 'x-mqi-signature': `sha256=${signatureOf(secret, timestamp, body)}` },
    body: '{"a":1}',
  });
  const tried = [
    signed(now, '{"a":1}'),
    signed(now, '{"a":2}'),
    signed(now, '{"a":1}', 'another'),
    signed(old, '{"a":1}'),
    { headers: { 'x-mqi-timestamp': now }, body: '{"a":1}' },
  ];
  const ask = `console.log(JSON.stringify(${JSON.stringify(tried)}.map((t) => isFromMqi('secret', t.headers, t.body))))`;
  const program = `${snippet.replace('export ', '')}\n${ask}`;
  const said = execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
  expect(JSON.parse(said)).toEqual([true, false, false, false, false]);
});

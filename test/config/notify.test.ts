import { expect, test } from 'vitest';

import { showConfig } from '../../src/config/show.ts';
import { configOf, EVERYTHING, linesOf, loadText, SMALL } from './load-text.ts';

const withSink = (yaml: string) => loadText(`${SMALL}notify: { sinks: { ops: ${yaml} } }\n`);

test('nobody is told anything unless a sink says so', () => {
  expect(configOf(loadText(SMALL)).notify).toEqual({
    sinks: [],
    hostUnreachableMs: 300_000,
    troubleMs: 900_000,
    diskFreeBytes: 5 * 2 ** 30,
    nearLimitPercent: 90,
    groupMs: 60_000,
    giveUpMs: 86_400_000,
  });
});

test('a sink is told everything but completed cases, unless it says which', () => {
  const outcome = withSink('{ type: webhook, url: "https://a.example/b", secret_file: s }');
  expect(configOf(outcome).notify.sinks).toEqual([
    {
      name: 'ops',
      type: 'webhook',
      on: [
        'case_failed',
        'host_unreachable',
        'queue_stopped',
        'slot_quarantined',
        'trouble',
        'disk_low',
        'job_near_limit',
      ],
      timeoutMs: 10_000,
      url: 'https://a.example/b',
      secretFile: `${outcome.cwd}/s`,
    },
  ]);
});

test.each([
  ['{ type: webhook, url: "https://me:pw@a.example", secret_file: s }', /ops\.url.*without a user or password/],
  ['{ type: webhook, url: "ftp://a.example", secret_file: s }', /ops\.url.*http or https/],
  ['{ type: webhook, url: "https://a.example" }', /ops\.secret_file/],
  ['{ type: webhook, url: "https://a.example", secret_file: s, on: [case_faild] }', /case_failed/],
  ['{ type: email, smtp: mail, from: a@b, to: [] }', /ops\.to/],
  ['{ type: email, smtp: mail, from: a@b, to: ["c@d\\nBcc: e@f"] }', /ops\.to.*mail address/],
  ['{ type: email, smtp: mail, from: a@b, to: [c@d], user: u }', /ops\.user.*password_file beside it/],
  ['{ type: email, smtp: mail, from: a@b, to: [c@d], password_file: p }', /ops\.password_file.*user beside it/],
  ['{ type: command, command: [] }', /ops\.command/],
  ['{ type: carrier_pigeon }', /webhook, email, command/],
])('%s is refused', (yaml, complaint) => {
  expect(linesOf(withSink(yaml)).join('\n')).toMatch(complaint);
});

test('a sink has a name that can stand in a metric and on a command line', () => {
  const yaml = `${SMALL}notify: { sinks: { "my ops": { type: command, command: [a] } } }\n`;
  expect(linesOf(loadText(yaml)).join('\n')).toMatch(/notify\.sinks.*a name of letters/);
});

test('sizes are written with a unit', () => {
  const sized = (text: string) => loadText(`${SMALL}notify: { disk_free_below: ${text} }\n`);
  expect(configOf(sized('1.5 GiB')).notify.diskFreeBytes).toBe(1.5 * 2 ** 30);
  for (const text of ['5', '5000000000', '1 KiB', 'much'])
    expect(linesOf(sized(text)).join()).toMatch(/a size such as/);
});

test('as it is shown it loads to the same again', () => {
  const outcome = loadText(EVERYTHING);
  if (outcome.kind !== 'loaded') throw new Error('it should load');
  const again = configOf(loadText(showConfig(outcome.config, outcome.origin)));
  expect(again.notify).toEqual(outcome.config.notify);
});

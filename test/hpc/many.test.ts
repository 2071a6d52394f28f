import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import Sqlite from 'better-sqlite3';
import { expect, test } from 'vitest';

import { readHost } from '../../src/store/hosts.ts';
import { cases } from '../../src/store/schema.ts';
import { processOf } from '../lab/processes.ts';
import { createHpc, describeOnHpc, waitsFor } from './lab.ts';
import type { Hpc } from './lab.ts';

const MANY = 1_000;
/** As many looks are counted. */
const LOOKS = 3;

/** How many commands the host was asked for while it was looked at so often. */
async function commandsDuring(hpc: Hpc, looks: number): Promise<number> {
  // from one look's beginning to another's: the first of them is in the count on both sides
  const [first, before] = await nextBeginning(hpc);
  const [last, after] = await hpc.eventually('more looks', () => {
    const [now, commands] = counts(hpc);
    return now >= first + looks ? ([now, commands] as const) : null;
  });
  expect(last - first).toBe(looks);
  return after - before;
}

const counts = (hpc: Hpc): readonly [looks: number, commands: number] => [hpc.looks(), hpc.commands()];

function nextBeginning(hpc: Hpc): Promise<readonly [number, number]> {
  const before = hpc.looks();
  return hpc.eventually('a look', () => (hpc.looks() > before ? counts(hpc) : null));
}

describeOnHpc('one look', {}, () => {
  test(`is one command, with one running case as with ${MANY}`, async () => {
    const hpc = await createHpc({ host: { slots: [{ name: 'gpu', queue: 'gpu0', count: MANY }] }, observeEvery: '2s' });
    hpc.drop('case', waitsFor(hpc, 'go'), { data: 'dose' });
    const first = hpc.start();
    await hpc.in('case', 'executing');
    await hpc.nextLook();
    expect(await commandsDuring(hpc, LOOKS)).toBe(LOOKS);

    first.kill('SIGTERM');
    await first.exited;
    multiply(hpc, MANY - 1);
    hpc.start();
    await hpc.until('reconciled', (from) => readHost(from.db, 'here')?.reconciledAt != null);
    await hpc.nextLook();
    const begun = performance.now();
    expect(await commandsDuring(hpc, LOOKS)).toBe(LOOKS);
    console.info(`${LOOKS} looks at ${MANY} cases: ${Math.round(performance.now() - begun)} ms`);
    const rows = hpc.reader((from) => from.db.select().from(cases).all());
    const running = rows.filter((row) => row.phase === 'executing' && row.blindCause === null);
    expect(running).toHaveLength(MANY);
  });
});

type Row = Record<string, string | number | null>;

/** Makes as many more cases as the one that runs, each with its rows, its directory, its claim and a process of its own. */
function multiply(hpc: Hpc, more: number): void {
  const { id, token } = hpc.caseOf('case');
  const copies = Array.from({ length: more }, (_, index) => {
    const number = String(index + 2);
    const copy = number.padStart(12, '0');
    return { number, id: copy, token: token!.replace(id, copy) };
  });
  const started = execFileSync(
    'sh',
    [
      '-c',
      'for token do MQI_TOKEN=$token sleep 1000000 > /dev/null 2>&1 < /dev/null & echo $!; done',
      'sh',
      ...copies.map((copy) => copy.token),
    ],
    { cwd: join(hpc.root, 'attempts'), encoding: 'utf8' },
  );
  const pids = started.split('\n').slice(0, -1).map(Number);
  const original = join(hpc.root, 'attempts', token!);
  const [word, node, boot, namespace, uid] = readFileSync(join(original, 'claim'), 'utf8').split(' ');
  for (const [index, copy] of copies.entries()) {
    const directory = join(hpc.root, 'attempts', copy.token);
    mkdirSync(directory);
    for (const file of ['manifest', 'job.sh']) copyFileSync(join(original, file), join(directory, file));
    const { pid, startTicks } = processOf(pids[index]!)!;
    writeFileSync(
      join(directory, 'claim'),
      `${word} ${node} ${boot} ${namespace} ${uid} ${pid} - ${startTicks} here/gpu.${copy.number}\n`,
    );
  }
  const sqlite = new Sqlite(hpc.database);
  const rowOf = (table: string, column: string, value: string): Row =>
    sqlite.prepare(`select * from ${table} where ${column} = ?`).get(value) as Row;
  const insert = (table: string, row: Row): void => {
    const columns = Object.keys(row);
    sqlite
      .prepare(
        `insert or replace into ${table} (${columns.join(', ')}) values (${columns.map((name) => `@${name}`).join(', ')})`,
      )
      .run(row);
  };
  sqlite.transaction(() => {
    const rows = {
      cases: rowOf('cases', 'id', id),
      attempts: rowOf('attempts', 'token', token!),
      slots: rowOf('slots', 'case_id', id),
    };
    const slot = String(rows.cases['slot']);
    for (const copy of copies) {
      const changed = (value: string | number | null): string | number | null =>
        typeof value === 'string'
          ? value
              .replaceAll(token!, copy.token)
              .replaceAll(id, copy.id)
              .replaceAll(new RegExp(`\\b${slot}\\b`, 'g'), `gpu.${copy.number}`)
          : value;
      for (const [table, row] of Object.entries(rows)) {
        const copied = Object.fromEntries(Object.entries(row).map(([name, value]) => [name, changed(value)]));
        insert(
          table,
          table === 'cases'
            ? { ...copied, name: `case-${copy.number}`, path: `${String(row['path'])}-${copy.number}` }
            : copied,
        );
      }
    }
  })();
  sqlite.close();
}

// How much longer does a start take with a long past? From the start of the process to the end of its first scan, with
// no finished case and with many, whose folders all still lie in the watched directory: side by side, in turns.
//
//   npm run build && node --import ./test/simulation/register.mjs bench/startup.mjs [cases=10000] [runs=5]
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import Sqlite from 'better-sqlite3';

import { recordedText } from '../src/intake/recorded.ts';
import { signFolder, signatureText, stampOf } from '../src/intake/signature.ts';

const options = Object.fromEntries(process.argv.slice(2).map((text) => text.split('=')));
const many = Number(options.cases ?? 10_000);
const runs = Number(options.runs ?? 5);

const main = join(import.meta.dirname, '..', 'dist', 'mqi.js');

const sites = [];
try {
  const none = await createSite(0);
  const full = await createSite(many);
  sites.push(none, full);
  for (const how of ['after a graceful stop', 'after SIGKILL (the database is checked)']) {
    const signal = how.startsWith('after a') ? 'SIGTERM' : 'SIGKILL';
    const seconds = { none: [], full: [] };
    // the first start of each fills the caches of the disk
    for (let run = 0; run <= runs; run += 1) {
      const pair = { none: await startOnce(none, signal), full: await startOnce(full, signal) };
      if (run > 0) for (const name of ['none', 'full']) seconds[name].push(pair[name]);
    }
    const [least, most] = [median(seconds.none), median(seconds.full)];
    console.log(
      `${how}: no case ${least.toFixed(2)} s, ${many} finished cases ${most.toFixed(2)} s: ` +
        `${(most - least).toFixed(2)} s more, ${(most / least).toFixed(2)} times as long (median of ${runs})`,
    );
  }
} finally {
  for (const site of sites) rmSync(site.folder, { recursive: true, force: true });
}

function median(values) {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

/** Seconds until the watched directory was read for the first time. */
async function startOnce(site, signal) {
  const begun = performance.now();
  const daemon = start(site);
  await said(daemon, 'intake.rescanned');
  const seconds = (performance.now() - begun) / 1000;
  await ended(daemon, signal);
  return seconds;
}

function start(site) {
  return spawn(process.execPath, [main, 'run', '--config', site.config], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, MQI_LOG_LEVEL: 'trace' },
  });
}

async function ended(daemon, signal) {
  const exited = new Promise((resolve) => daemon.once('exit', resolve));
  daemon.stdout.resume();
  daemon.kill(signal);
  await exited;
}

function said(daemon, text) {
  return new Promise((resolve, reject) => {
    let log = '';
    daemon.stdout.on('data', (chunk) => {
      log += chunk;
      if (log.includes(text)) resolve();
    });
    daemon.once('exit', () => reject(new Error(`the daemon ended:\n${log.slice(-2000)}`)));
  });
}

/** A site with so many finished cases, each as the daemon itself left the one that it ran. */
async function createSite(count) {
  const folder = mkdtempSync(join(tmpdir(), 'mqi-bench-'));
  const watch = join(folder, 'new_cases');
  const database = join(folder, 'var', 'mqi.db');
  const config = join(folder, 'mqi.yaml');
  mkdirSync(watch);
  writeFileSync(
    config,
    JSON.stringify({
      watch: { path: watch, quiet_period: '200ms' },
      results: join(folder, 'results'),
      database,
      job: { command: ['true'], collect: [{ glob: 'output/**', optional: true }] },
      hosts: { here: { root: join(folder, 'host'), slots: [{ name: 'gpu' }] } },
    }),
  );
  const site = { folder, config };
  if (count === 0) {
    const daemon = start(site);
    await said(daemon, 'intake.rescanned');
    await ended(daemon, 'SIGTERM');
    return site;
  }
  addFolder(watch, 'first');
  const daemon = start(site);
  await said(daemon, '"to":"completed"');
  await ended(daemon, 'SIGTERM');
  const sqlite = new Sqlite(database);
  await multiply(sqlite, watch, count);
  sqlite.close();
  return site;
}

function addFolder(watch, name) {
  mkdirSync(join(watch, name));
  writeFileSync(join(watch, name, 'plan.txt'), 'one plan as good as the other\n');
}

/** Copies every row of the one case, under new names. */
async function multiply(sqlite, watch, count) {
  const model = sqlite.prepare(`select * from cases`).get();
  const tables = {
    cases: [model],
    attempts: sqlite.prepare('select * from attempts').all(),
    journal: sqlite.prepare('select * from journal order by id').all(),
    candidates: sqlite.prepare('select * from candidates').all(),
  };
  const { signature: recorded } = tables.candidates[0];
  const fingerprint = recorded.split(' ')[2];
  const insert = Object.fromEntries(
    Object.entries(tables).map(([table, [row]]) => {
      const columns = Object.keys(row).filter((column) => table !== 'journal' || column !== 'id');
      const values = columns.map((column) => `@${column}`).join(', ');
      return [table, sqlite.prepare(`insert into ${table} ("${columns.join('", "')}") values (${values})`)];
    }),
  );
  const signal = new AbortController().signal;
  for (let from = 1; from < count; from += 500) {
    const some = Array.from({ length: Math.min(500, count - from) }, (_, index) => from + index);
    const stamped = [];
    for (const number of some) {
      const name = `case-${String(number).padStart(6, '0')}`;
      addFolder(watch, name);
      const path = join(watch, name);
      const sight = await signFolder(path, { isTemporaryName: () => false, readyMarker: null, signal });
      const stamp = stampOf(await lstat(path, { bigint: true }));
      const signature = recordedText({ stamp, signature: signatureText(sight.signature), fingerprint });
      stamped.push({ name, path, signature, id: number.toString(16).padStart(12, '0') });
    }
    sqlite.transaction(() => {
      for (const { name, path, signature, id } of stamped) {
        const token = model.token.replace(model.id, id);
        const renamed = (text) => text?.replaceAll(model.id, id) ?? null;
        insert.cases.run({ ...model, id, name, path, token, snapshot: renamed(model.snapshot) });
        for (const row of tables.attempts) insert.attempts.run({ ...row, case_id: id, token, job_id: token });
        for (const { id: _, ...row } of tables.journal) {
          insert.journal.run({ ...row, case_id: id, detail: renamed(row.detail) });
        }
        for (const row of tables.candidates) insert.candidates.run({ ...row, path, name, signature, case_id: id });
      }
    })();
  }
}

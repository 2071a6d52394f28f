// How long is a GPU idle between two cases? From the end of each job to the start of the next one on its slot, as the
// jobs themselves wrote it down, through the real daemon on the embedded host (`local` + `direct`).
//
//   npm run build && node bench/slot-gap.mjs [jobs=40] [slots=2] [observe-every=30s] [job-seconds=1]
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import Sqlite from 'better-sqlite3';

const options = Object.fromEntries(process.argv.slice(2).map((text) => text.split('=')));
const jobs = Number(options.jobs ?? 40);
const slots = Number(options.slots ?? 2);
const observeEvery = options['observe-every'] ?? '30s';
const jobSeconds = Number(options['job-seconds'] ?? 1);

const main = join(import.meta.dirname, '..', 'dist', 'mqi.js');
const folder = mkdtempSync(join(tmpdir(), 'mqi-bench-'));
const watch = join(folder, 'new_cases');
mkdirSync(watch);
const config = {
  watch: { path: watch, quiet_period: '200ms', rescan_every: '500ms' },
  results: join(folder, 'results'),
  database: join(folder, 'var', 'mqi.db'),
  job: { command: ['sh', '{inputs}/run.sh', '{slot}'], collect: [{ glob: 'output/**', optional: true }], limit: '1h' },
  hosts: { here: { root: join(folder, 'host'), observe_every: observeEvery, slots: [{ name: 'gpu', count: slots }] } },
};
// YAML takes JSON as it is
writeFileSync(join(folder, 'mqi.yaml'), JSON.stringify(config));

const daemon = spawn(process.execPath, [main, 'run', '--config', join(folder, 'mqi.yaml')], {
  stdio: ['ignore', 'ignore', 'inherit'],
});
daemon.once('exit', (code, signal) => {
  if (code !== 0) console.error(`the daemon ended: ${code ?? signal}`);
});

try {
  const times = join(folder, 'times');
  for (let index = 0; index < jobs; index += 1) {
    const hidden = join(folder, `.${index}`);
    mkdirSync(hidden);
    writeFileSync(
      join(hidden, 'run.sh'),
      `begun=$(date +%s%N); sleep ${jobSeconds}; echo "$1 $begun $(date +%s%N)" >> '${times}'\n`,
    );
    // ten at once would be taken for a history by a first start
    renameSync(hidden, join(watch, `case-${String(index).padStart(4, '0')}`));
    if (index === 0) await until(() => done() >= 1, 60_000);
  }
  await until(() => done() >= jobs, jobs * 10_000);
  report(readFileSync(times, 'utf8'));
} finally {
  const exited = new Promise((resolve) => daemon.once('exit', resolve));
  if (daemon.exitCode === null && daemon.kill('SIGTERM')) await exited;
  rmSync(folder, { recursive: true, force: true });
}

function done() {
  try {
    const sqlite = new Sqlite(config.database, { readonly: true });
    try {
      return sqlite.prepare(`select count(*) from cases where state in ('completed', 'failed')`).pluck().get();
    } finally {
      sqlite.close();
    }
  } catch {
    // it is being made
    return 0;
  }
}

async function until(ask, patienceMs) {
  const begun = performance.now();
  while (!ask()) {
    if (performance.now() - begun > patienceMs || daemon.exitCode !== null) throw new Error('the cases do not end');
    await wait(50);
  }
}

function report(text) {
  const rows = text
    .trimEnd()
    .split('\n')
    .map((line) => line.split(' '))
    .map(([slot, begun, ended]) => ({ slot, begunMs: Number(begun) / 1e6, endedMs: Number(ended) / 1e6 }))
    .sort((a, b) => a.begunMs - b.begunMs);
  const last = new Map();
  const gaps = [];
  for (const [index, row] of rows.entries()) {
    const before = last.get(row.slot);
    last.set(row.slot, row);
    // after the very first job nothing waited for its slot
    if (before !== undefined && index > slots) gaps.push(row.begunMs - before.endedMs);
  }
  gaps.sort((a, b) => a - b);
  const at = (share) => gaps[Math.min(gaps.length - 1, Math.floor(share * gaps.length))];
  const ms = (value) => `${value.toFixed(0)} ms`;
  console.log(`${jobs} jobs of ${jobSeconds} s on ${slots} slots, looks every ${observeEvery}: ${gaps.length} gaps`);
  console.log(
    `end of a job → start of the next on its slot: least ${ms(gaps[0])}, median ${ms(at(0.5))}, ` +
      `90 % ${ms(at(0.9))}, 99 % ${ms(at(0.99))}, most ${ms(gaps.at(-1))}`,
  );
  const step = 100;
  const bars = new Map();
  for (const gap of gaps) bars.set(Math.floor(gap / step), (bars.get(Math.floor(gap / step)) ?? 0) + 1);
  for (const [bar, count] of [...bars].sort(([a], [b]) => a - b)) {
    console.log(
      `${String(bar * step).padStart(6)}–${String((bar + 1) * step).padEnd(5)} ms ${'█'.repeat(count)} ${count}`,
    );
  }
  const busy = rows.reduce((sum, row) => sum + row.endedMs - row.begunMs, 0);
  const span = Math.max(...rows.map((row) => row.endedMs)) - rows[1].begunMs;
  console.log(`slots at work: ${((100 * busy) / (span * slots)).toFixed(1)} % of the time`);
}

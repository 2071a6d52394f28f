// Do many open pages slow the daemon down? With so many running cases, as many open pages (each an event stream, and a
// question for its parts whenever something changed, as the page itself asks), against none: how far apart the looks at
// the host are, and how much memory and processor time the daemon takes. So many changes a second are written into the
// journal meanwhile, in both measurements: else nothing would happen that a page could ask for.
//
//   npm run build && node bench/web-load.mjs [pages=200] [cases=1000] [observe-every=2s] [seconds=30] [changes=4]
//
// The cases are one real case that runs, copied as `test/hpc/many.test.ts` does: rows, directories, claims, processes.
import { execFileSync, spawn } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { Agent, get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import Sqlite from 'better-sqlite3';

const options = Object.fromEntries(process.argv.slice(2).map((text) => text.split('=')));
const pages = Number(options.pages ?? 200);
const cases = Number(options.cases ?? 1_000);
const observeEvery = options['observe-every'] ?? '2s';
const seconds = Number(options.seconds ?? 30);
const changes = Number(options.changes ?? 4);

const main = join(import.meta.dirname, '..', 'dist', 'mqi.js');
const folder = mkdtempSync(join(tmpdir(), 'mqi-bench-'));
const root = join(folder, 'host');
const database = join(folder, 'var', 'mqi.db');
const looksFile = join(folder, 'looks');
mkdirSync(join(folder, 'new_cases'));
writeFileSync(
  join(folder, 'mqi.yaml'),
  JSON.stringify({
    watch: { path: join(folder, 'new_cases'), quiet_period: '200ms', rescan_every: '2s' },
    results: join(folder, 'results'),
    database,
    job: { command: ['sh', '{inputs}/run.sh'], collect: [{ glob: 'output/**', optional: true }], limit: '1h' },
    hosts: { here: { root, observe_every: observeEvery, slots: [{ name: 'gpu', count: cases }] } },
    web: { listen: '127.0.0.1:0' },
  }),
);
// each look asks once for the pid namespace: a program of that name before the real one notes when
const bin = join(folder, 'bin');
mkdirSync(bin);
const real = execFileSync('sh', ['-c', 'command -v readlink'], { encoding: 'utf8' }).trim();
writeFileSync(join(bin, 'readlink'), `#!/bin/sh\ndate +%s%N >> '${looksFile}'\nexec ${real} "$@"\n`);
chmodSync(join(bin, 'readlink'), 0o755);

let daemon = null;
const started = [];
try {
  daemon = await start();
  await makeCases();
  daemon = await start();
  const url = await until(page, 60_000, 'the page');
  await until(() => looks().length >= 3, 120_000, 'looks');
  await until(
    () => count(`select count(*) from cases where phase = 'executing' and blind_cause is null`) === cases,
    120_000,
    'every case seen',
  );
  const quiet = await measure('no page open');
  const browsers = await Promise.all(Array.from({ length: pages }, (_, index) => openPage(url, index)));
  const busy = await measure(`${pages} pages open`);
  const asked = browsers.reduce((sum, browser) => sum + browser.asked, 0);
  const heard = browsers.reduce((sum, browser) => sum + browser.heard, 0);
  const times = browsers.flatMap((browser) => browser.times).sort((a, b) => a - b);
  const lost = browsers.filter((browser) => browser.isLost).length;
  for (const browser of browsers) browser.close();
  console.log(
    `${pages} pages heard ${heard} events and asked ${asked} times (${(asked / seconds).toFixed(0)}/s); answers: median ` +
      `${at(times, 0.5)} ms, 99 % ${at(times, 0.99)} ms, most ${at(times, 1)} ms; ${lost} streams lost`,
  );
  console.log(`looks further apart with the pages than without: median ${(busy.median - quiet.median).toFixed(0)} ms`);
} finally {
  if (daemon !== null && daemon.exitCode === null) await stop(daemon);
  for (const pid of started) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // it has ended
    }
  }
  rmSync(folder, { recursive: true, force: true });
}

async function start() {
  const child = spawn(process.execPath, [main, 'run', '--config', join(folder, 'mqi.yaml')], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, PATH: `${bin}:${process.env.PATH}` },
  });
  child.once('exit', (code, signal) => {
    if (code !== 0) console.error(`the daemon ended: ${code ?? signal}`);
  });
  return child;
}

async function stop(child) {
  const exited = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await exited;
}

/** Lets one case run, stops the daemon, and copies the case with all that belongs to it. */
async function makeCases() {
  const hidden = join(folder, '.case');
  mkdirSync(hidden);
  writeFileSync(join(hidden, 'run.sh'), 'exec sleep 100000\n');
  renameSync(hidden, join(folder, 'new_cases', 'case'));
  await until(() => count(`select count(*) from cases where phase = 'executing'`) === 1, 60_000, 'a case that runs');
  await stop(daemon);
  const sqlite = new Sqlite(database);
  const model = sqlite.prepare('select * from cases').get();
  const original = join(root, 'attempts', model.token);
  const [word, node, boot, namespace, uid, pid] = readFileSync(join(original, 'claim'), 'utf8').split(' ');
  started.push(Number(pid), ...sessionOf(pid));
  const copies = Array.from({ length: cases - 1 }, (_, index) => {
    const number = String(index + 2);
    const id = number.padStart(12, '0');
    return { number, id, token: model.token.replace(model.id, id) };
  });
  const pids = execFileSync(
    'sh',
    [
      '-c',
      'for token do MQI_TOKEN=$token sleep 100000 > /dev/null 2>&1 < /dev/null & echo $!; done',
      'sh',
      ...copies.map((copy) => copy.token),
    ],
    { encoding: 'utf8' },
  )
    .trim()
    .split('\n')
    .map(Number);
  started.push(...pids);
  const insert = (table, row) => {
    const columns = Object.keys(row);
    sqlite
      .prepare(`insert into ${table} ("${columns.join('", "')}") values (${columns.map((c) => `@${c}`).join(', ')})`)
      .run(row);
  };
  const attempt = sqlite.prepare('select * from attempts').get();
  const journal = sqlite.prepare('select * from journal order by id').all();
  sqlite.transaction(() => {
    for (const [index, { number, id, token }] of copies.entries()) {
      const directory = join(root, 'attempts', token);
      mkdirSync(directory);
      for (const file of ['manifest', 'job.sh']) copyFileSync(join(original, file), join(directory, file));
      writeFileSync(
        join(directory, 'claim'),
        `${word} ${node} ${boot} ${namespace} ${uid} ${pids[index]} - ${startTicks(pids[index])} here/gpu.${number}\n`,
      );
      const slot = `gpu.${number}`;
      const renamed = (text) =>
        text?.replaceAll(model.token, token).replaceAll(model.id, id).replaceAll('gpu.1"', `${slot}"`) ?? null;
      insert('cases', {
        ...model,
        id,
        name: `case-${number}`,
        path: `${model.path}-${number}`,
        token,
        slot,
        job_id: token,
        snapshot: renamed(model.snapshot),
      });
      insert('attempts', { ...attempt, case_id: id, token, slot, job_id: token });
      for (const { id: _, ...row } of journal) insert('journal', { ...row, case_id: id, detail: renamed(row.detail) });
      sqlite.prepare(`update slots set state = 'leased', case_id = ?, token = ? where name = ?`).run(id, token, slot);
    }
  })();
  sqlite.close();
}

function sessionOf(pid) {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => stat(name)?.[3] === pid)
    .map(Number);
}

/** Fields of /proc/PID/stat from the third on; null for a process that is gone. */
function stat(pid) {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
  } catch {
    return null;
  }
}

function startTicks(pid) {
  return stat(pid)[19];
}

/** One page as the browser has it: its stream, and a question for what changed, at most every 700 ms. */
async function openPage(url, index) {
  const agent = new Agent({ keepAlive: true, maxSockets: 2 });
  const address = url + ['', 'cases', 'hosts', 'cases?state=running'][index % 4];
  const browser = { asked: 0, heard: 0, times: [], isLost: false, close: () => {} };
  let marks = [...(await text(address, { agent })).matchAll(/<section id="([^"]+)"[^>]* data-mark="([^"]+)"/g)]
    .map(([, id, mark]) => `${id}:${mark}`)
    .join(' ');
  let askedAt = 0;
  let isAsking = false;
  const ask = async () => {
    if (isAsking) return;
    isAsking = true;
    await wait(Math.max(0, askedAt + 700 - performance.now()) + Math.random() * 400);
    askedAt = performance.now();
    const news = JSON.parse(await text(address, { agent, headers: { 'mqi-parts': marks } }));
    browser.times.push(performance.now() - askedAt);
    browser.asked += 1;
    marks = news.parts.map(({ id, mark }) => `${id}:${mark}`).join(' ');
    isAsking = false;
  };
  await new Promise((resolve, reject) => {
    const request = get(`${url}events`, { agent: new Agent() }, (answer) => {
      browser.close = () => {
        request.destroy();
        agent.destroy();
      };
      answer.on('data', (chunk) => {
        const events = chunk.toString().match(/^event: (change|tick)/gm)?.length ?? 0;
        browser.heard += events;
        if (events > 0) ask().catch(() => (browser.isLost = true));
        resolve();
      });
      answer.on('close', () => (browser.isLost = true));
    });
    request.on('error', reject);
  });
  return browser;
}

function text(url, init) {
  return new Promise((resolve, reject) => {
    get(url, init, (answer) => {
      let body = '';
      answer.on('data', (chunk) => (body += chunk));
      answer.on('end', () =>
        answer.statusCode === 200 ? resolve(body) : reject(new Error(`${url}: ${answer.statusCode}`)),
      );
    }).on('error', reject);
  });
}

async function measure(name) {
  appendFileSync(looksFile, '');
  const before = looks().length;
  const cpuBefore = cpu();
  let most = 0;
  const end = performance.now() + seconds * 1_000;
  while (performance.now() < end) {
    change();
    await wait(1_000 / changes);
    most = Math.max(most, residentMib());
  }
  const moments = looks().slice(before);
  const gaps = moments
    .slice(1)
    .map((ms, index) => ms - moments[index])
    .sort((a, b) => a - b);
  const median = gaps[Math.floor(gaps.length / 2)];
  console.log(
    `${name}: ${gaps.length} intervals between looks (observe_every ${observeEvery}): median ${median.toFixed(0)} ms, ` +
      `most ${gaps.at(-1).toFixed(0)} ms; memory ${most.toFixed(0)} MiB; CPU ${(((cpu() - cpuBefore) / seconds) * 100).toFixed(0)} %`,
  );
  return { median };
}

/** A line of the journal, as a look writes one. */
function change() {
  const sqlite = new Sqlite(database, { timeout: 5_000 });
  const row = sqlite.prepare('select id, phase from cases order by random() limit 1').get();
  sqlite
    .prepare(
      `insert into journal (case_id, attempt, at, event, from_phase, to_phase, detail) values (?, 1, ?, 'bench', ?, ?, '{}')`,
    )
    .run(row.id, Date.now(), row.phase, row.phase);
  sqlite.close();
}

function looks() {
  try {
    return readFileSync(looksFile, 'utf8')
      .trim()
      .split('\n')
      .map((line) => Number(line) / 1e6);
  } catch {
    return [];
  }
}

function residentMib() {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${daemon.pid}/status`, 'utf8'))[1]) / 1024;
}

/** Seconds of processor time, of all its threads; a tick is 10 ms. */
function cpu() {
  const fields = stat(daemon.pid);
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function at(sorted, share) {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]?.toFixed(0) ?? '?';
}

function page() {
  return ask((sqlite) =>
    sqlite.prepare(`select value from meta where key = 'web' and value like 'http%'`).pluck().get(),
  );
}

function count(question) {
  return ask((sqlite) => sqlite.prepare(question).pluck().get());
}

function ask(question) {
  try {
    const sqlite = new Sqlite(database, { readonly: true });
    try {
      return question(sqlite);
    } finally {
      sqlite.close();
    }
  } catch {
    // it is being made
    return undefined;
  }
}

async function until(what, patienceMs, name) {
  const begun = performance.now();
  for (;;) {
    const answer = what();
    if (answer !== undefined && answer !== false && answer !== null) return answer;
    if (performance.now() - begun > patienceMs || daemon.exitCode !== null)
      throw new Error(`waited in vain for ${name}`);
    await wait(100);
  }
}

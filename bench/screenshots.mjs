// The pictures of docs/web.md: each page of a real daemon, light and dark, on a desk and on a phone.
//
//   npm run build && node bench/screenshots.mjs [out=docs/screenshots]
//
// The cases are proton depth doses (examples/bragg) on three hosts of this machine, of which one is not there. What a day
// of work leaves behind takes a minute here: then the times of that minute are stretched to a day, and the daemon goes on.
import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import Sqlite from 'better-sqlite3';
import { chromium } from 'playwright-core';

const options = Object.fromEntries(process.argv.slice(2).map((text) => text.split('=')));
const home = join(import.meta.dirname, '..');
const out = resolve(options.out ?? join(home, 'docs', 'screenshots'));
const main = join(home, 'dist', 'mqi.js');
const TOKEN = 'a-token-for-the-pictures';
const HOUR = 3_600_000;

const folder = mkdtempSync(join(tmpdir(), 'mqi-screenshots-'));
const database = join(folder, 'mqi.db');
mkdirSync(join(folder, 'new_cases'));
writeFileSync(join(folder, 'tokens'), `alice ${TOKEN}\n`);
chmodSync(join(folder, 'tokens'), 0o600);
writeFileSync(join(folder, 'known_hosts'), '');
writeFileSync(join(folder, 'ssh_config'), '');
writeFileSync(
  join(folder, 'mqi.yaml'),
  JSON.stringify({
    watch: { path: 'new_cases', quiet_period: '200ms', rescan_every: '500ms' },
    results: 'results',
    database: 'mqi.db',
    job: {
      command: [process.execPath, join(home, 'examples', 'bragg', 'bragg.mjs'), '{inputs}', 'output'],
      limit: '6h',
    },
    hosts: {
      gpu1: { root: 'gpu1', observe_every: '1s', slots: [{ name: 'a100', count: 2 }] },
      gpu2: { root: 'gpu2', observe_every: '1s', slots: [{ name: 'l40s', count: 2 }] },
      gpu3: {
        transport: {
          type: 'ssh',
          host: '127.0.0.1',
          port: 9,
          config_file: 'ssh_config',
          known_hosts: 'known_hosts',
          connect_timeout: '2s',
        },
        root: '/scratch/mqi',
        slots: [{ name: 'v100' }],
      },
    },
    notify: {
      group_within: '1s',
      host_unreachable_after: '20s',
      sinks: { oncall: { type: 'command', command: ['true'] } },
    },
    web: { listen: '127.0.0.1:0', token_file: 'tokens' },
  }),
);

let daemon = start();
try {
  await until(page);
  for (let number = 1; number <= 15; number += 1) {
    drop(`phantom-${String(number).padStart(3, '0')}`, { energyMeV: 90 + 7 * number, histories: 30_000, seed: number });
    await wait(600);
  }
  drop('phantom-016', { energyMeV: 9_000, histories: 30_000, seed: 1 });
  await until(() => count(`state in ('completed', 'failed')`) === 16, 180_000);
  await stop();
  stretch();
  daemon = start();
  const url = await until(page);
  for (let number = 17; number <= 24; number += 1) {
    drop(`prostate-${String(number).padStart(3, '0')}`, { energyMeV: 150, histories: 9_000_000, seed: number });
  }
  await until(() => count(`phase = 'executing'`) === 4);
  await until(() => count(`phase = 'staged'`) >= 3);
  await wait(4_000);
  await picture(url);
} finally {
  await stop();
  endJobs();
  rmSync(folder, { recursive: true, force: true });
}

function start() {
  return spawn(process.execPath, [main, 'run', '--config', join(folder, 'mqi.yaml')], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

async function stop() {
  if (daemon.exitCode !== null || daemon.signalCode !== null) return;
  const exited = new Promise((done) => daemon.once('exit', done));
  daemon.kill('SIGTERM');
  await exited;
}

/** Each job script wrote who it is: the claim of its attempt. */
function endJobs() {
  const sqlite = new Sqlite(database, { readonly: true });
  const tokens = sqlite.prepare(`select token, host from attempts where proof is null and host <> 'gpu3'`).all();
  sqlite.close();
  for (const { token } of tokens) {
    spawn('sh', [
      '-c',
      `for p in /proc/[0-9]*; do grep -qs "MQI_TOKEN=$1" $p/environ && kill -9 \${p##*/}; done`,
      'sh',
      token,
    ]);
  }
}

function drop(name, beam) {
  const hidden = join(folder, `.${name}`);
  mkdirSync(hidden);
  writeFileSync(
    join(hidden, 'beam.json'),
    JSON.stringify({ energySpreadMeV: 0.8, depthMm: 300, binMm: 1, ...beam }, null, 2),
  );
  writeFileSync(join(hidden, 'README.txt'), 'A depth dose in water.\n');
  renameSync(hidden, join(folder, 'new_cases', name));
}

/** Times of the minute that passed, as if it had been the last 22 hours. */
function stretch() {
  const sqlite = new Sqlite(database);
  const { first, last } = sqlite.prepare('select min(at) as first, max(at) as last from journal').get();
  const end = Date.now() - 20 * 60_000;
  const factor = (22 * HOUR) / (last - first);
  const moved = (column) => `${column} = cast(${end} - (${last} - ${column}) * ${factor} as integer)`;
  sqlite.exec(`
    update journal set ${moved('at')};
    update cases set ${moved('created_at')}, ${moved('updated_at')}, ${moved('phase_since')}, observed_ms = cast(observed_ms * ${factor} as integer);
    update attempts set ${moved('created_at')}, ${moved('ended_at')}, ${moved('proof_at')};
    update slots set ${moved('since')};
  `);
  sqlite.close();
}

async function picture(url) {
  mkdirSync(out, { recursive: true });
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
  const failed = idOf('phantom-016');
  const running = ask((sqlite) =>
    sqlite.prepare(`select id from cases where phase = 'executing' order by name limit 1`).pluck().get(),
  );
  const pages = {
    now: '',
    cases: 'cases',
    'case-running': `cases/${running}`,
    'case-completed': `cases/${idOf('phantom-012')}`,
    'case-failed': `cases/${failed}`,
    hosts: 'hosts',
    machines: 'machines',
    notifications: 'notifications',
    login: 'login',
  };
  const sizes = { desk: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } };
  try {
    for (const colorScheme of ['light', 'dark']) {
      for (const [size, viewport] of Object.entries(sizes)) {
        const context = await browser.newContext({ viewport, colorScheme, reducedMotion: 'reduce' });
        const tab = await context.newPage();
        const troubles = [];
        tab.on('console', (message) => message.type() === 'error' && troubles.push(message.text()));
        await tab.goto(`${url}login`);
        await tab.screenshot({ path: join(out, `login-${size}-${colorScheme}.png`) });
        await tab.fill('input[name=token]', TOKEN);
        await tab.click('main button');
        await tab.waitForSelector('text=Log out');
        for (const [name, path] of Object.entries(pages)) {
          if (name === 'login') continue;
          await tab.goto(url + path);
          await tab.waitForSelector('#live:has-text("live")');
          while (!(await tab.evaluate('[...document.images].every((image) => image.complete)'))) await wait(50);
          // what is told once it is in view: the end of a log
          const log = tab.locator('#log');
          if ((await log.count()) > 0) {
            await log.scrollIntoViewIfNeeded();
            await tab.waitForSelector('#log .said:not(:empty)');
            await tab.evaluate('scrollTo(0, 0)');
          }
          await tab.waitForTimeout(500);
          await tab.screenshot({ path: join(out, `${name}-${size}-${colorScheme}.png`) });
        }
        // the question before several orders
        await tab.goto(`${url}cases?state=submitted`);
        for (const box of await tab.locator('td.tick input').all()) await box.check();
        await tab.selectOption('.bulk select', 'pause');
        await tab.click('.bulk button');
        await tab.waitForSelector('input[name=why]');
        await tab.screenshot({ path: join(out, `review-${size}-${colorScheme}.png`) });
        if (troubles.length > 0) throw new Error(troubles.join('\n'));
        await context.close();
      }
    }
  } finally {
    await browser.close();
  }
  console.log(`${(Object.keys(pages).length + 1) * 4} pictures in ${out}`);
}

function idOf(name) {
  return ask((sqlite) => sqlite.prepare('select id from cases where name = ?').pluck().get(name));
}

function count(where) {
  return ask((sqlite) => sqlite.prepare(`select count(*) from cases where ${where}`).pluck().get());
}

function page() {
  return ask((sqlite) =>
    sqlite.prepare(`select value from meta where key = 'web' and value like 'http%'`).pluck().get(),
  );
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

async function until(what, patienceMs = 120_000) {
  const begun = performance.now();
  for (;;) {
    const answer = what();
    if (answer !== undefined && answer !== false && answer !== null) return answer;
    if (performance.now() - begun > patienceMs || daemon.exitCode !== null) throw new Error(`waited in vain: ${what}`);
    await wait(200);
  }
}

import { constants } from 'node:fs';
import { stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';

import { Hono } from 'hono';

import { listHosts } from '../../store/queries.ts';
import { healthText, hostLines, livenessOf } from '../health.ts';
import type { HealthLine } from '../health.ts';
import { gatherMetrics, metricsText } from '../metrics.ts';
import type { WebDeps } from './deps.ts';
import { ANSWER_MS } from './disk.ts';
import type { Disk, Disks } from './disk.ts';
import type { WebEnv } from './guard.ts';

/** However often it is asked, a disk is checked this often at most. */
const FRESH_MS = 1_000;
/** SQLite writes at least a few pages for each change. */
const LEAST_BYTES = 2 ** 20;

type OperationsDeps = Pick<WebDeps, 'reader' | 'orders' | 'clock' | 'site' | 'vitals'>;

/**
 * For programs that watch the daemon: `/metrics` (Prometheus), `/livez` (200 while the supervisor ticks), `/readyz` (200
 * while work can go on; a line a check). None of them names a case, or needs the token.
 */
export function operationsRoutes(deps: OperationsDeps, disks: Disks): Hono<WebEnv> {
  const { clock, vitals, reader, site } = deps;
  const routes = new Hono<WebEnv>();
  let checked: { readonly atMs: number; readonly lines: Promise<readonly HealthLine[]> } | null = null;

  routes.get('/livez', (c) => {
    const line = livenessOf(vitals.tickAgeMs());
    return c.text(healthText([line]), line.isOk ? 200 : 503);
  });
  routes.get('/readyz', async (c) => {
    if (checked === null || clock.monotonic() - checked.atMs >= FRESH_MS) {
      checked = { atMs: clock.monotonic(), lines: readinessOf(deps, disks) };
    }
    const lines = await checked.lines;
    return c.text(healthText(lines), lines.every(({ isOk }) => isOk) ? 200 : 503);
  });
  routes.get('/metrics', async (c) => {
    const { user, system } = process.cpuUsage();
    const own = {
      release: site.release,
      startedAt: Date.parse(site.holder.since) / 1_000,
      cpuSeconds: (user + system) / 1e6,
      residentBytes: process.memoryUsage.rss(),
      lagMs: vitals.lagMs(),
      tickAgeMs: vitals.tickAgeMs(),
      databaseBytes: await sizeOf(site.database),
    };
    const text = metricsText(gatherMetrics(reader.db), own, clock.now());
    return c.body(text, 200, { 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8' });
  });
  return routes;
}

async function readinessOf(deps: OperationsDeps, disks: Disks): Promise<readonly HealthLine[]> {
  const { reader, site, vitals, clock } = deps;
  const within = async (what: string, check: Promise<string>): Promise<HealthLine> => {
    const late = new AbortController();
    const never = clock.sleep(ANSWER_MS, late.signal).then(() => {
      throw new Error(`no answer within ${ANSWER_MS / 1_000} s`);
    });
    // the loser of the race rejects for nobody
    never.catch(() => {});
    try {
      return { isOk: true, what, found: await Promise.race([check, never]) };
    } catch (error) {
      return { isOk: false, what, found: error instanceof Error ? error.message : String(error) };
    } finally {
      late.abort();
    }
  };
  return [
    livenessOf(vitals.tickAgeMs()),
    await within('database', databaseLine(deps)),
    await within('watched folder', folderLine(disks.inputs, site.watch, constants.R_OK | constants.X_OK, 'readable')),
    await within('results', folderLine(disks.results, site.results, constants.W_OK | constants.X_OK, 'writable')),
    ...hostLines(listHosts(reader.db)),
  ];
}

/** It is open, so its schema is of this version; that it can be written is tried, with nothing. */
async function databaseLine({ orders, site }: OperationsDeps): Promise<string> {
  orders.write(() => {});
  const { bavail, bsize } = await statfs(dirname(site.database));
  if (bavail * bsize < LEAST_BYTES) throw new Error('its disk is full');
  return 'writable, and its schema is of this version';
}

async function folderLine(disk: Disk, path: string, mode: number, found: string): Promise<string> {
  await disk.read((fs) => fs.access(path, mode));
  return found;
}

async function sizeOf(database: string): Promise<number> {
  const sizes = await Promise.all(
    [database, `${database}-wal`].map((file) =>
      stat(file).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { describe, expect, onTestFinished, test } from 'vitest';

import { journal } from '../../src/store/schema.ts';
import type { JournalRow } from '../../src/store/journal.ts';
import { createLoopDisk, whyLoopDiskIsMissing } from '../lab/loop-disk.ts';
import { completeAll } from '../lab/operator.ts';
import { freeze } from '../lab/processes.ts';
import { createSite } from '../lab/site.ts';
import type { Site } from '../lab/site.ts';
import { randomFrom } from '../simulation/random.ts';
import { audit } from '../soak/audit.ts';
import { bootIdOf } from '../soak/receipts.ts';
import { createSupply } from '../soak/supply.ts';

const missing = whyLoopDiskIsMissing();
const CUTS = process.env['MQI_LONG'] === '1' ? 40 : 8;
/** A life lasts until so many rows were added to the journal, and a moment longer: a busy machine takes its time for them. */
const LIVES_ROWS = [3, 9] as const;
const MOMENTS_MS = [0, 500] as const;
const PATIENCE_MS = 120_000;

const journalOf = (site: Site): JournalRow[] => site.reader((from) => from.db.select().from(journal).all());

describe(`the disk of the database loses its power${missing === null ? '' : ` (skipped: ${missing})`}`, () => {
  test.skipIf(missing !== null)(
    `${CUTS} times, while cases travel: nothing that anybody could read is forgotten, no case is lost, and no job runs twice`,
    { timeout: CUTS * 20_000 + PATIENCE_MS },
    async () => {
      const random = randomFrom('power');
      const site = createSite({ slots: 2, host: { slots: [1, 2].map(slot) } });
      const disk = createLoopDisk(dirname(site.database), join(site.folder, 'disk.img'), onTestFinished);
      const supply = createSupply(site, random.fork('cases'));
      let isOver = false;
      let read: JournalRow[] = [];
      let forgotten = 0;

      let daemon = site.start();
      await site.until('the daemon has made its database', () => true);
      // nobody looks while there is no power
      let isOn = true;
      const supplied = supply.run(
        () => isOver,
        () => isOn,
      );
      try {
        for (let cut = 0; cut < CUTS; cut++) {
          await site.until('it is at work', () => daemon.log().includes('is online'));
          const enough = read.length + random.between(...LIVES_ROWS);
          await site.until('it has done something', () => journalOf(site).length >= enough);
          const endsAtMs = performance.now() + random.between(...MOMENTS_MS);
          // whatever was read, by the CLI or by anybody, must not be unsaid: read until the very moment
          do {
            read = journalOf(site);
            await wait(5);
          } while (performance.now() < endsAtMs);
          read = journalOf(site);
          isOn = false;
          await freeze(daemon.child);
          disk.cutPower();
          daemon.kill('SIGKILL');
          await daemon.exited;
          await disk.restorePower();
          isOn = true;
          const left = new Map(journalOf(site).map((row) => [row.id, row]));
          for (const row of read) {
            if (left.get(row.id) === undefined) forgotten += 1;
            else expect(left.get(row.id)).toEqual(row);
          }
          expect(forgotten, `journal rows forgotten by cut ${cut + 1}`).toBe(0);
          daemon = site.start();
        }
      } finally {
        isOver = true;
        await supplied;
      }
      expect(await completeAll(site, supply.names(), PATIENCE_MS)).toBe(true);
      const { broken, ...counts } = await audit(site, supply, { bootId: bootIdOf(), losesTasks: false });
      console.info(`${CUTS} power cuts: ${JSON.stringify({ ...counts, journal: read.length })}`);
      expect(broken).toEqual([]);
      expect(counts.cases).toBeGreaterThan(CUTS / 2);
      expect(read.length).toBeGreaterThan(CUTS * 3);
    },
  );
});

function slot(number: number): { name: string; env: Record<string, string> } {
  return { name: `gpu${number}`, env: { SOAK_SLOT: `gpu${number}` } };
}

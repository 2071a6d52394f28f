import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { eq } from 'drizzle-orm';

import { cases } from '../../src/store/schema.ts';
import type { Site } from '../lab/site.ts';
import type { Random } from '../simulation/random.ts';

/** Drops cases for as long as it is told to, and remembers what was in each. */
export interface Supply {
  /** `mayLook`: false while the database cannot be read. */
  run(isOver: () => boolean, mayLook?: () => boolean): Promise<void>;
  names(): readonly string[];
  /** SHA-256 of the data of a case. */
  sumOf(name: string): string | undefined;
  /** One token a line, written by each job that starts. */
  readonly starts: string;
  /** One line for each job that found another one on its slot. */
  readonly overlaps: string;
}

/** As many wait or run at a time; more would only wait. */
const MOST_OPEN = 12;
const KIB = 1024;

export function createSupply(site: Site, random: Random): Supply {
  const sums = new Map<string, string>();
  const [starts, overlaps] = ['starts', 'overlaps'].map((name) => join(site.folder, name)) as [string, string];
  const lock = `${join(site.folder, 'slot')}.$SOAK_SLOT`;

  const drop = (name: string): void => {
    const hidden = join(site.folder, `.making-${name}`);
    const data = randomBytes(random.chance(0.1) ? 3_000 * KIB : 1 + random.int(200 * KIB));
    mkdirSync(hidden);
    writeFileSync(join(hidden, 'data'), data);
    writeFileSync(
      join(hidden, 'run.sh'),
      // the lock goes with the last process that has it open, however that ends
      `exec 9>> "${lock}"
flock -n 9 || echo "$SOAK_SLOT $MQI_TOKEN" >> '${overlaps}'
echo "$MQI_TOKEN" >> '${starts}'
sleep ${random.between(0, 3).toFixed(2)}
mkdir -p output && cp inputs/data output/data
`,
    );
    sums.set(name, createHash('sha256').update(data).digest('hex'));
    renameSync(hidden, join(site.watch, name));
  };

  return {
    async run(isOver, mayLook = () => true) {
      for (let number = 1; !isOver(); await wait(random.between(200, 1_500))) {
        if (!mayLook()) continue;
        const completed = site.reader((from) =>
          from.db.select({ id: cases.id }).from(cases).where(eq(cases.state, 'completed')).all(),
        );
        if (sums.size - completed.length < MOST_OPEN) drop(`case-${String(number++).padStart(5, '0')}`);
      }
    },
    names: () => [...sums.keys()],
    sumOf: (name) => sums.get(name),
    starts,
    overlaps,
  };
}

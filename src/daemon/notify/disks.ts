import { stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';

import type { Config } from '../../config/config.ts';
import type { DiskFacts } from './alarms.ts';

/** What the daemon writes to on this machine: one entry a file system, under the first name. */
export async function measureDisks(config: Config): Promise<readonly DiskFacts[]> {
  const places = [
    { name: 'results', path: config.results },
    { name: 'database', path: dirname(config.database) },
    ...config.hosts
      .filter((host) => host.transport.type === 'local')
      .map((host) => ({ name: `host/${host.name}`, path: host.root })),
  ];
  const measured = await Promise.all(places.map(measure));
  return measured.filter(
    ({ device }, at) => device === null || measured.findIndex((disk) => disk.device === device) === at,
  );
}

async function measure(
  place: Pick<DiskFacts, 'name' | 'path'>,
): Promise<DiskFacts & { readonly device: number | null }> {
  try {
    const [{ dev }, { bavail, bsize }] = await Promise.all([stat(place.path), statfs(place.path)]);
    return { ...place, device: dev, freeBytes: bavail * bsize };
  } catch {
    // not mounted, or not made yet: why and `mqi doctor` say so; whether it is full nobody knows
    return { ...place, device: null, freeBytes: null };
  }
}

import { rmSync } from 'node:fs';
import { dirname } from 'node:path';

import { expect, test } from 'vitest';

import { readHost } from '../../src/store/hosts.ts';
import { createSite } from '../lab/site.ts';

test('a database that is removed under the daemon stops it, and a takeover by a new one is refused while the old job may run', async () => {
  const site = createSite();
  site.drop('case', site.counting('case', 'exec sleep 600'));
  const first = site.start();
  await site.in('case', 'executing');
  rmSync(dirname(site.database), { recursive: true });
  const { code } = await first.exited;
  expect(code).not.toBe(0);
  await first.says('was removed or replaced');

  site.start();
  await site.until('the root is another’s', (reader) => readHost(reader.db, 'here')?.reason?.includes('takeover'));
  const answer = await site.order({ kind: 'takeover', host: 'here' });
  expect(answer).toMatchObject({ outcome: 'refused', message: expect.stringContaining('may still run') });
  expect(site.runs('case')).toBe(1);
});

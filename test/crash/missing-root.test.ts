import { existsSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { readHost } from '../../src/store/hosts.ts';
import { createSite } from '../lab/site.ts';

test('a root that is not mounted after a reboot is missed, not made anew: no job is called lost, and all goes on when it is back', async () => {
  const site = createSite();
  const waits = `until [ -e '${site.folder}/go' ]; do sleep 0.05; done; mkdir -p output; echo dose > output/data`;
  site.drop('case', site.counting('case', waits));
  const first = site.start();
  await site.in('case', 'executing');
  first.kill('SIGKILL');
  await first.exited;

  renameSync(site.root, `${site.root}.unmounted`);
  site.start();
  const reason = await site.until('the root is missed', (reader) => {
    const host = readHost(reader.db, 'here');
    return host?.state === 'offline' ? host.reason : null;
  });
  expect(reason).toContain('not mounted');
  expect(reason).toContain('mqi hosts takeover here');
  expect(existsSync(site.root)).toBe(false);
  await site.until('the case is blind', () => site.caseOf('case').blindCause !== null);
  expect(site.caseOf('case').phase).toBe('executing');
  expect(site.slots()).toMatchObject([{ state: 'leased' }]);

  renameSync(`${site.root}.unmounted`, site.root);
  writeFileSync(join(site.folder, 'go'), '');
  expect((await site.final('case')).state).toBe('completed');
  expect(site.runs('case')).toBe(1);
});

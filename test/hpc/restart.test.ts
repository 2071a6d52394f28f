import { PUEUE_VERSIONS } from '../lab/pueue.ts';
import { restartContract } from '../crash/restart.contract.ts';
import { createTricks } from '../crash/tricks.ts';
import { IS_LONG, TEST_TIMEOUT_MS, createHpc, describeOnHpc } from './lab.ts';
import type { Hpc } from './lab.ts';

for (const version of IS_LONG ? PUEUE_VERSIONS : PUEUE_VERSIONS.slice(0, 1)) {
  describeOnHpc('a daemon killed at', { version }, () => {
    restartContract(`a host reached by ssh with pueue ${version}`, {
      async site(options) {
        const tricks = createTricks();
        const hpc = await createHpc({ ...options, version, sshd: { env: tricks.env } });
        tricks.obey(hpc);
        return hpc;
      },
      points: IS_LONG ? 'all' : 'main',
      timeoutMs: TEST_TIMEOUT_MS,
      queued: async (site) =>
        (await (site as Hpc).tasks()).filter((task) => task.label?.startsWith('mqi-')).map((task) => task.label!),
    });
  });
}

import { test } from 'vitest';

import { describeOnHpc } from '../hpc/lab.ts';
import { LAW, TIMEOUT_MS, expectKept } from './kept.ts';

describeOnHpc('with ssh and pueue', {}, () => {
  test(`the daemon, its host cut off and its pueued killed, ${LAW}`, { timeout: TIMEOUT_MS }, () =>
    expectKept('pueue'),
  );
});

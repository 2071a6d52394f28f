import { test } from 'vitest';

import { LAW, TIMEOUT_MS, expectKept } from './kept.ts';

test(`the daemon of the embedded host, ${LAW}`, { timeout: TIMEOUT_MS }, () => expectKept('direct'));

import { expect, test } from 'vitest';

import { SCENARIOS } from './scenarios/all.ts';
import { play } from './scenarios/scenario.ts';

test.each(SCENARIOS)('$name: $law', async (scenario) => {
  expect(await play(scenario)).toBeNull();
});

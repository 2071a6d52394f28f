import { expect, test } from 'vitest';

import { MODEL_TRACES } from './scenarios/model-traces.ts';
import { play } from './scenarios/scenario.ts';

test.each(MODEL_TRACES)('$name: $law', async (scenario) => {
  expect(await play(scenario)).toBeNull();
});

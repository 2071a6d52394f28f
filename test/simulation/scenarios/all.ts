import { FENCES } from './fences.ts';
import { FOUND_DEFECTS } from './found-defects.ts';
import { GPU_STORIES } from './gpu-stories.ts';
import { MODEL_TRACES } from './model-traces.ts';
import { ODDITY_STORIES } from './oddity-stories.ts';
import { ORDER_STORIES } from './order-stories.ts';
import type { Scenario } from './scenario.ts';

export const SCENARIOS: readonly Scenario[] = [
  ...MODEL_TRACES,
  ...FOUND_DEFECTS,
  ...GPU_STORIES,
  ...ORDER_STORIES,
  ...ODDITY_STORIES,
  ...FENCES,
];

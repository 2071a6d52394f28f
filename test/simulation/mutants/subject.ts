// What a mutant is tried on; loaded anew for each of them.
export { SCENARIOS } from '../scenarios/all.ts';
export { play } from '../scenarios/scenario.ts';
export { simulate } from '../simulate.ts';

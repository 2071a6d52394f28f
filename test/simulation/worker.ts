// One share of the seeds, in a process of its own (workers.ts).
import { runSeeds } from './run-seeds.ts';

const [from, count] = process.argv.slice(2).map(Number);
const tally = await runSeeds(from!, count!, (line) => void process.send?.({ line }));
process.send?.({ tally });
process.disconnect();

import { defineConfig } from 'vitest/config';
import { BaseSequencer } from 'vitest/node';
import type { TestSpecification } from 'vitest/node';

/** What takes minutes begins first: one that began last would go on alone, and a core would stand idle. */
const LONGEST = [
  'simulation/mutants.test.ts',
  'crash/restart.test.ts',
  'hpc/restart.test.ts',
  'contract/scheduler-pueue.test.ts',
  'hpc/transfer.test.ts',
  'contract/scheduler-direct.test.ts',
  'hpc/queue.test.ts',
  'simulation/simulation.test.ts',
  'soak/pueue.test.ts',
  'soak/direct.test.ts',
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number => {
      const at = LONGEST.findIndex((name) => moduleId.endsWith(`/${name}`));
      return at === -1 ? LONGEST.length : at;
    };
    return (await super.sort(files)).toSorted((a, b) => place(a) - place(b));
  }
}

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // most tests wait for real daemons: more of them than cores keep two cores busy
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
    testTimeout: 180_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 60_000 } },
    coverage: {
      provider: 'v8',
      include: ['machines/*.ts', 'src/domain/*.ts'],
      reporter: ['text-summary'],
      // the machines and the words are pure: nothing in them may go untried
      thresholds: { branches: 100, functions: 100, lines: 100, statements: 100 },
    },
  },
});

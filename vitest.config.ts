import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // most tests wait for real daemons: more of them than cores keep two cores busy
    maxWorkers: 3,
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

import { join } from 'node:path';

/** Where the collected results of one attempt lie: stdout, stderr and manifest.json beside the outputs. */
export function resultsFolder(results: string, caseName: string, attempt: number): string {
  return join(results, caseName, `attempt-${attempt}`);
}

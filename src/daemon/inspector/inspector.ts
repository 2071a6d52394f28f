import { Worker } from 'node:worker_threads';

import type { Logger } from 'pino';

import { packageFile } from '../../cli/package-file.ts';
import type { Clock } from '../../domain/clock.ts';
import { reasonOf } from '../../supervisor/log.ts';
import type { FromInspector, InspectorWorkerData } from './messages.ts';

/** What the thread may use; one that wants more is ended, and nothing else suffers. */
const MOST_MEMORY_MB = 128;

const STOP_MS = 2_000;

export interface Inspector {
  stop(): Promise<void>;
}

/**
 * Serves the inspector's page from a thread of its own, with a connection to the database that cannot write. Whatever
 * goes wrong there is said in the log: the daemon goes on without it.
 */
export function startInspector(deps: {
  readonly database: string;
  readonly port: number;
  readonly clock: Clock;
  readonly log: Logger;
}): Inspector {
  const { database, port, clock, log } = deps;
  const data: InspectorWorkerData = { database, port };
  const thread = new Worker(packageFile('dist', 'inspector-worker.js'), {
    workerData: data,
    resourceLimits: { maxOldGenerationSizeMb: MOST_MEMORY_MB },
  });
  const trouble = (reason: string): void =>
    log.error({ inspector: 'trouble', reason }, `the inspector ends, everything else goes on: ${reason}`);
  const exited = new Promise<void>((resolve) => thread.once('exit', () => resolve()));
  thread.on('error', (error) => trouble(reasonOf(error)));
  thread.on('message', (message: FromInspector) => {
    switch (message.kind) {
      case 'listening':
        return log.info({ inspector: 'listening' }, `inspector of live cases (docs/stately.md): ${message.url}`);
      case 'refused':
        return log.warn({ inspector: 'refused', reason: message.reason }, 'the inspector refused a connection');
      case 'trouble':
        return trouble(message.reason);
    }
  });
  return {
    async stop() {
      const cancel = clock.after(STOP_MS, () => void thread.terminate());
      thread.postMessage('stop', []);
      await exited;
      cancel();
    },
  };
}

import { parentPort, workerData } from 'node:worker_threads';

import { openReader } from '../../store/open.ts';
import { inspectLive } from '../../views/inspector.ts';
import { STATELY_INSPECTOR } from '../../views/inspector/stately.ts';
import { systemClock } from '../clock.ts';
import type { FromInspector, InspectorWorkerData } from './messages.ts';

/** The thread of `mqi run --inspect`: whatever a viewer does, the supervisor's event loop does not notice. */
const { database, port } = workerData as InspectorWorkerData;
const daemon = parentPort;
if (daemon === null) throw new Error('this runs only as a thread of the daemon');

const tell = (message: FromInspector): void => daemon.postMessage(message, []);
const stopping = new AbortController();
daemon.on('message', () => stopping.abort());
const reader = openReader(database);
try {
  await inspectLive(
    {
      db: reader.db,
      clock: systemClock,
      port,
      inspectorUrl: STATELY_INSPECTOR,
      caseId: null,
      onReady: ({ url }) => tell({ kind: 'listening', url }),
      onRefused: (reason) => tell({ kind: 'refused', reason }),
    },
    stopping.signal,
  );
} catch (error) {
  tell({ kind: 'trouble', reason: error instanceof Error ? error.message : String(error) });
} finally {
  reader.close();
  daemon.close();
}

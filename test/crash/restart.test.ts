import { createSite } from '../lab/site.ts';
import { restartContract } from './restart.contract.ts';

restartContract('the embedded host', { site: createSite, points: 'all', timeoutMs: 60_000 });

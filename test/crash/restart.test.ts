import { createSite } from '../lab/site.ts';
import { restartContract } from './restart.contract.ts';
import { createTricks } from './tricks.ts';

restartContract('the embedded host', {
  site: (options) => {
    const [site, tricks] = [createSite(options), createTricks()];
    tricks.obey(site);
    return { ...site, start: (how = {}) => site.start({ ...how, env: tricks.env }) };
  },
  points: 'all',
  timeoutMs: 60_000,
});

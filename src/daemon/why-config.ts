import type { Config } from '../config/config.ts';
import type { WhyConfig } from '../views/why.ts';

/** What explanations need of the configuration. */
export function whyConfigOf(config: Config): WhyConfig {
  return {
    // one a slot is the documented default of stage_ahead
    hosts: config.hosts.map((host) => ({ name: host.name, stageAhead: host.stageAhead ?? host.slots.length })),
    results: config.results,
    quietPeriodMs: config.watch.quietPeriodMs,
    readyMarker: config.watch.readyMarker,
  };
}

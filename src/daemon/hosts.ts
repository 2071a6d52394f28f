import { shellCommand, variablesOf } from '../config/command.ts';
import type { Config, HostConfig } from '../config/config.ts';
import type { Clock } from '../domain/clock.ts';
import { createDirectScheduler } from '../scheduler/direct.ts';
import { createPueueScheduler } from '../scheduler/pueue.ts';
import type { Scheduler } from '../scheduler/scheduler.ts';
import type { CaseRow } from '../store/cases.ts';
import type { Host } from '../supervisor/host/host.ts';
import type { Log } from '../supervisor/log.ts';
import { createLocalTransport } from '../transport/local.ts';
import { quote } from '../transport/quote.ts';
import { createSshTransport } from '../transport/ssh.ts';
import type { Transport } from '../transport/transport.ts';

/** Where adapters meet ports: each configured host with the transport and the scheduler that it names. */
export function createHosts(config: Config, instance: string, clock: Clock, log: Log): Host[] {
  return config.hosts.map((host) => createHost(config, host, instance, clock, log));
}

function createHost(config: Config, host: HostConfig, instance: string, clock: Clock, log: Log): Host {
  const transport = createTransport(host, clock, (message) =>
    log.warn({ host: host.name }, `${host.name}: ${message}`),
  );
  return {
    name: host.name,
    transport,
    scheduler: createScheduler(host, transport, instance),
    root: host.root,
    slots: host.slots.map((slot) => slot.name),
    gpus: new Map(host.slots.filter(({ gpus }) => gpus.length > 0).map(({ name, gpus }) => [name, gpus])),
    stageAhead: host.stageAhead ?? host.slots.length,
    observeEveryMs: host.observeEveryMs,
    stallMs: host.stallMs,
    keep: host.keep,
    collect: config.job.collect,
    eventsFile: `${host.root}/events`,
    specOf: (row) => specOf(config, host, row),
  };
}

/** `warn` is told, once each, what works worse than it could. */
export function createTransport(host: HostConfig, clock: Clock, warn: (message: string) => void): Transport {
  switch (host.transport.type) {
    case 'local':
      return createLocalTransport({ clock });
    case 'ssh':
      return createSshTransport({ ...host.transport, clock, onWarning: warn });
  }
}

function createScheduler(host: HostConfig, transport: Transport, instance: string): Scheduler {
  const options = { transport, host: host.name, root: host.root, instance, graceMs: host.stopGraceMs };
  switch (host.scheduler.type) {
    case 'direct':
      return createDirectScheduler(options);
    case 'pueue':
      return createPueueScheduler({ ...options, config: host.scheduler.config, path: host.scheduler.path });
  }
}

/** The job of a case on the slot that it was leased. The slot's environment wins over the host's. */
function specOf(config: Config, host: HostConfig, row: CaseRow): ReturnType<Host['specOf']> {
  const slot = host.slots.find((candidate) => candidate.name === row.slot);
  if (slot === undefined || row.token === null) throw new Error(`case ${row.id} has no slot of ${host.name}`);
  return {
    token: row.token,
    queue: slot.queue,
    slot: `${host.name}/${slot.name}`,
    command: shellCommand(config.job.command, quote),
    prologue: host.prologue,
    env: {
      ...host.env,
      ...slot.env,
      ...variablesOf({ case: row.name, slot: slot.name, attempt: row.attempt }),
    },
  };
}

import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Config, HostConfig, SchedulerConfig, SlotConfig, TransportConfig, WebConfig } from './config.ts';
import { visibleGpus } from '../domain/gpu.ts';
import { parseListen } from './listen.ts';
import { resolveNotify } from './resolve-notify.ts';
import type { ConfigOutput } from './schema.ts';

type HostOutput = ConfigOutput['hosts'][string];
type SlotOutput = HostOutput['slots'][number];

/** The file's form into the daemon's: absolute paths, nulls for what is left out, slots one by one. */
export function resolveConfig(
  output: ConfigOutput,
  place: { readonly file: string | null; readonly directory: string; readonly hostOrder: readonly string[] },
): Config {
  const local = (path: string): string => resolveLocal(path, place.directory);
  return {
    file: place.file,
    directory: place.directory,
    watch: {
      path: local(output.watch.path),
      quietPeriodMs: output.watch.quiet_period,
      readyMarker: output.watch.ready_marker ?? null,
      depth: output.watch.depth,
      ignore: output.watch.ignore,
      rescanEveryMs: output.watch.rescan_every,
    },
    results: local(output.results),
    database: local(output.database),
    job: {
      command: output.job.command,
      collect: output.job.collect.map((item) => (typeof item === 'string' ? { glob: item, optional: false } : item)),
      limitMs: output.job.limit,
    },
    hosts: place.hostOrder.map((name) => resolveHost(name, output.hosts[name]!, local)),
    web: resolveWeb(output.web, local),
    notify: resolveNotify(output.notify, local),
    keep: { journalMs: output.keep.journal },
    log: output.log,
  };
}

export function resolveLocal(path: string, directory: string): string {
  if (path === '~' || path.startsWith('~/')) return join(homedir(), path.slice(1));
  return resolve(directory, path);
}

function resolveHost(name: string, host: HostOutput, local: (path: string) => string): HostConfig {
  return {
    name,
    transport: resolveTransport(host.transport, local),
    scheduler: resolveScheduler(host.scheduler),
    root: host.transport.type === 'local' ? local(host.root) : withoutTrailingSlash(host.root),
    prologue: host.prologue ?? null,
    env: host.env,
    observeEveryMs: host.observe_every,
    stallMs: host.stall_after,
    stopGraceMs: host.stop_grace,
    keep: { completedMs: host.keep.completed, failedMs: host.keep.failed },
    stageAhead: host.stage_ahead ?? null,
    slots: host.slots.flatMap((slot) => resolveSlot(slot, host)),
  };
}

function resolveWeb(web: ConfigOutput['web'], local: (path: string) => string): WebConfig {
  const place = web.listen === undefined || web.listen === 'off' ? null : parseListen(web.listen);
  return {
    listen: place === null ? { kind: web.listen === 'off' ? 'off' : 'default' } : { kind: 'at', ...place },
    tokenFile: web.token_file === undefined ? null : local(web.token_file),
    hostnames: web.hostnames,
  };
}

function resolveTransport(transport: HostOutput['transport'], local: (path: string) => string): TransportConfig {
  if (transport.type === 'local') return { type: 'local' };
  const optional = (path: string | undefined): string | null => (path === undefined ? null : local(path));
  return {
    type: 'ssh',
    host: transport.host,
    port: transport.port ?? null,
    user: transport.user ?? null,
    identity: optional(transport.identity),
    passphraseFile: optional(transport.passphrase_file),
    knownHosts: optional(transport.known_hosts),
    agent: transport.agent,
    configFile: optional(transport.config_file),
    maxSessions: transport.max_sessions,
    connectTimeoutMs: transport.connect_timeout,
    keepaliveMs: transport.keepalive,
  };
}

function resolveScheduler(scheduler: HostOutput['scheduler']): SchedulerConfig {
  if (scheduler.type === 'direct') return { type: 'direct' };
  return { type: 'pueue', config: scheduler.config ?? null, path: scheduler.path ?? null };
}

function resolveSlot(slot: SlotOutput, host: HostOutput): readonly SlotConfig[] {
  // equal slots share the queue of the name they were written under: it hands out its GPUs itself
  const queue = host.scheduler.type === 'direct' ? null : (slot.queue ?? slot.name);
  const gpus = slot.gpu === undefined ? gpusByEnvironment(host.env, slot.env) : gpusOf(slot.gpu);
  return slotNames(slot).map((name) => ({ name, queue, gpus, env: slot.env }));
}

function gpusOf(written: NonNullable<SlotOutput['gpu']>): readonly string[] {
  return written === 'none' ? [] : [written].flat().map(String);
}

/** What a slot is when nothing is said: the GPUs that its jobs see. */
export function gpusByEnvironment(
  host: Readonly<Record<string, string>>,
  slot: Readonly<Record<string, string>>,
): readonly string[] {
  return visibleGpus({ ...host, ...slot }['CUDA_VISIBLE_DEVICES'] ?? '');
}

/** `gpu` stays `gpu`; with a count, even of 1, it is `gpu.1` …, so that a later raise renames nothing. */
export function slotNames(slot: { readonly name: string; readonly count?: number | undefined }): readonly string[] {
  if (slot.count === undefined) return [slot.name];
  return Array.from({ length: slot.count }, (_, at) => `${slot.name}.${at + 1}`);
}

function withoutTrailingSlash(path: string): string {
  return path.length > 1 ? path.replace(/\/+$/, '') : path;
}

import { Document, isPair, isScalar, isSeq, visit, type Pair } from 'yaml';
import type { Config, HostConfig, SlotConfig, TransportConfig, WebConfig } from './config.ts';
import { durationText } from './duration-text.ts';
import { formatListen } from './listen.ts';
import { notifyInput } from './show-notify.ts';
import type { Path } from './outline.ts';
import { gpusByEnvironment } from './resolve.ts';
import type { ConfigInput } from './schema.ts';

type HostInput = ConfigInput['hosts'][string];
type SlotInput = HostInput['slots'][number];

/**
 * The whole configuration as a file that loads to the same again; what is not a default says where it came from.
 * It holds paths of secrets, never a secret.
 */
export function showConfig(config: Config, origin: (path: Path) => string | null): string {
  const document = new Document(inputOf(config));
  document.commentBefore = ` ${config.file ?? 'no file: the built-in defaults'}`;
  visit(document, {
    Pair: (_, pair, ancestors) => {
      const from = origin([...ancestors.filter((node) => isPair(node)), pair].map(keyText));
      if (from === null) return;
      if (isScalar(pair.value)) pair.value.comment = ` ${from}`;
      // a list has one origin: it replaces the default as a whole
      if (isSeq(pair.value)) {
        pair.value.commentBefore = ` ${from}`;
        return visit.SKIP;
      }
    },
  });
  return document.toString({ lineWidth: 0 });
}

function keyText(pair: Pair): string {
  return String(isScalar(pair.key) ? pair.key.value : pair.key);
}

/** `{ 'watch.path': 'mqi.yaml:2:9' }`, for each value that is not a default. */
export function originsOf(config: Config, origin: (path: Path) => string | null): Readonly<Record<string, string>> {
  const leaves = leafPaths(inputOf(config), []);
  return Object.fromEntries(
    leaves.flatMap((path) => {
      const from = origin(path);
      return from === null ? [] : [[path.join('.'), from] as const];
    }),
  );
}

function leafPaths(value: unknown, path: readonly string[]): readonly (readonly string[])[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [path];
  return Object.entries(value).flatMap(([name, child]) => leafPaths(child, [...path, name]));
}

/** The file that would have made this configuration, everything written out. */
function inputOf(config: Config): ConfigInput {
  const { watch, job } = config;
  return {
    watch: {
      path: watch.path,
      quiet_period: durationText(watch.quietPeriodMs),
      ...unlessNull('ready_marker', watch.readyMarker),
      depth: watch.depth,
      ignore: [...watch.ignore],
      rescan_every: durationText(watch.rescanEveryMs),
    },
    results: config.results,
    database: config.database,
    job: {
      command: typeof job.command === 'string' ? job.command : [...job.command],
      collect: job.collect.map((item) => (item.optional ? { ...item } : item.glob)),
      limit: durationText(job.limitMs),
    },
    hosts: Object.fromEntries(config.hosts.map((host) => [host.name, hostInput(host)])),
    web: webInput(config.web),
    notify: notifyInput(config.notify),
    keep: { journal: durationText(config.keep.journalMs) },
    log: { level: config.log.level },
  };
}

function webInput({ listen, tokenFile, hostnames }: WebConfig): ConfigInput['web'] {
  return {
    ...(listen.kind === 'default' ? {} : { listen: listen.kind === 'off' ? 'off' : formatListen(listen) }),
    ...unlessNull('token_file', tokenFile),
    hostnames: [...hostnames],
  };
}

function hostInput(host: HostConfig): HostInput {
  const { scheduler } = host;
  return {
    transport: transportInput(host.transport),
    scheduler:
      scheduler.type === 'direct'
        ? { type: 'direct' }
        : { type: 'pueue', ...unlessNull('config', scheduler.config), ...unlessNull('path', scheduler.path) },
    root: host.root,
    ...unlessNull('prologue', host.prologue),
    env: { ...host.env },
    observe_every: durationText(host.observeEveryMs),
    stall_after: durationText(host.stallMs),
    stop_grace: durationText(host.stopGraceMs),
    keep: { completed: durationText(host.keep.completedMs), failed: durationText(host.keep.failedMs) },
    ...unlessNull('stage_ahead', host.stageAhead),
    slots: slotInputs(host),
  };
}

function transportInput(transport: TransportConfig): NonNullable<HostInput['transport']> {
  if (transport.type === 'local') return { type: 'local' };
  return {
    type: 'ssh',
    host: transport.host,
    ...unlessNull('port', transport.port),
    ...unlessNull('user', transport.user),
    ...unlessNull('identity', transport.identity),
    ...unlessNull('passphrase_file', transport.passphraseFile),
    ...unlessNull('known_hosts', transport.knownHosts),
    agent: transport.agent,
    ...unlessNull('config_file', transport.configFile),
    max_sessions: transport.maxSessions,
    connect_timeout: durationText(transport.connectTimeoutMs),
    keepalive: durationText(transport.keepaliveMs),
  };
}

/** Equal slots NAME.1 … NAME.N as one with a count again: the same queue is allowed in no other way. */
function slotInputs({ slots, env }: HostConfig): SlotInput[] {
  const inputs: SlotInput[] = [];
  for (let at = 0; at < slots.length;) {
    const slot = slots[at]!;
    const name = slot.name.replace(/\.1$/, '');
    let count = 1;
    while (slot.name === `${name}.1` && isEqual(slots[at + count], slot, `${name}.${count + 1}`)) count += 1;
    const rest = { ...unlessNull('queue', slot.queue), ...gpuInput(slot, env), env: { ...slot.env } };
    inputs.push(count === 1 ? { name: slot.name, ...rest } : { name, count, ...rest });
    at += count;
  }
  return inputs;
}

/** None is the default where no environment names one. */
function gpuInput({ gpus, env }: SlotConfig, hostEnv: HostConfig['env']): Pick<SlotInput, 'gpu'> {
  const [first, second] = gpus;
  if (first === undefined) return gpusByEnvironment(hostEnv, env).length === 0 ? {} : { gpu: 'none' };
  return { gpu: second === undefined ? first : [...gpus] };
}

function isEqual(slot: SlotConfig | undefined, first: SlotConfig, name: string): boolean {
  return (
    slot?.name === name &&
    slot.queue === first.queue &&
    String(slot.gpus) === String(first.gpus) &&
    JSON.stringify(slot.env) === JSON.stringify(first.env)
  );
}

function unlessNull<K extends string, V>(key: K, value: V | null): { [key in K]?: V } {
  return value === null ? {} : ({ [key]: value } as { [key in K]?: V });
}

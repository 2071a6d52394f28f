import type { HostConfig } from '../../config/config.ts';
import { quote, quotePath } from '../../transport/quote.ts';
import type { Findings } from './finding.ts';
import { onHost, setInConfig } from './on-host.ts';
import type { PueueClient, PueueDaemon, PueueGroup, PueueSurvey, RunningDaemon } from './pueue-survey.ts';

/** The names of the findings, in order. */
export const PUEUE_NAMES = ['pueue', 'pueue daemon', 'groups', 'confirmation', 'linger'] as const;

type Present = Extract<PueueClient, { kind: 'present' }>;
interface Explained {
  readonly found: string;
  readonly repair: string;
}
type InTrouble = Extract<PueueDaemon, { kind: 'trouble' }>;

export function reportPueue(survey: PueueSurvey, host: HostConfig, findings: Findings): void {
  const { client } = survey;
  if (client.kind === 'absent') {
    reportAbsence(survey, client.elsewhere, host, findings);
    return findings.notChecked(PUEUE_NAMES.slice(1));
  }
  findings.ok('pueue', `${client.path}, version ${client.version}`);
  if (client.daemon.kind === 'trouble') {
    const { found, repair } = explainTrouble(client, client.daemon, survey, host);
    findings.fail('pueue daemon', found, repair);
    findings.notChecked(['groups']);
  } else {
    reportVersion(client, client.daemon.otherVersion, survey, host, findings);
    reportGroups(client.daemon.groups, host, findings);
  }
  reportConfirmation(survey, host, findings);
  reportLinger(survey, host, findings);
}

function reportAbsence(
  { path }: PueueSurvey,
  elsewhere: readonly string[],
  host: HostConfig,
  findings: Findings,
): void {
  const named = host.scheduler.type === 'pueue' ? host.scheduler.path : null;
  const missing = named === null ? `no pueue on the PATH of its logins (${path})` : `there is no program ${named}`;
  const [other] = elsewhere;
  if (other === undefined) return findings.fail('pueue', missing, onHost(host, 'cargo install pueue --locked'));
  findings.fail('pueue', `${missing}, but ${other} is there`, setInConfig(host, 'scheduler.path', other));
}

/** The client as it is called for this host, for commands that a person types. */
function pueue(host: HostConfig, command: string): string {
  const { path, config } = host.scheduler.type === 'pueue' ? host.scheduler : { path: null, config: null };
  return onHost(host, `${quotePath(path ?? 'pueue')}${config === null ? '' : ` -c ${quotePath(config)}`} ${command}`);
}

/** By systemd where it has a unit for it. */
function startDaemon(
  { server }: Present,
  { hasUnit, config }: PueueSurvey,
  host: HostConfig,
  verb: 'start' | 'restart',
): string {
  if (hasUnit) return onHost(host, `systemctl --user ${verb} pueued`);
  const named = isNamed(host) ? ` -c ${quote(config)}` : '';
  // it keeps its output open, for which ssh would wait as long as it lives
  return onHost(host, `${quote(server ?? 'pueued')}${named} -d < /dev/null > /dev/null 2>&1`);
}

/** A daemon ends its tasks when it is stopped. */
function restartDaemon(client: Present, survey: PueueSurvey, host: HostConfig): string {
  const start = startDaemon(client, survey, host, 'restart');
  if (survey.hasUnit) return `when no job runs there (it ends them): ${start}`;
  // pueue 4 says that it shuts down, and takes its socket and its pid file away a moment later: a second daemon that is
  // started in between refuses, or loses its socket to the first
  const ended = `while ${pueue(host, 'status')} > /dev/null 2>&1; do sleep 1; done; sleep 1`;
  return `when no job runs there (it ends them): ${pueue(host, 'shutdown')}; ${ended}; ${start}`;
}

function explainTrouble(
  client: Present,
  { cause, said, running }: InTrouble,
  survey: PueueSurvey,
  host: HostConfig,
): Explained {
  const ours = running.filter(({ config }) => config === survey.config);
  const daemons = ours.length > 0 ? ours : running;
  switch (cause) {
    case 'down':
      return explainDown(client, daemons, survey, host);
    case 'version':
      return explainVersions(client, daemons, host);
    case 'silent':
      return {
        found: `it does not answer within 10 s${daemons.length === 0 ? '' : ` (${listOf(daemons)})`}: its disk may be full`,
        repair: restartDaemon(client, survey, host),
      };
    case 'config':
      return {
        found: `the configuration file ${survey.config} cannot be read`,
        repair: setInConfig(host, 'scheduler.config', "the path of pueue's configuration file, or leave it out"),
      };
    case 'client':
      return {
        found: `${client.path} cannot be run: ${said}`,
        repair: onHost(host, `${quote(client.path)} --version`),
      };
    case 'garbled':
      return {
        found: `what pueue ${client.version} says of its groups cannot be read; 3.4 and 4 can be`,
        repair: onHost(host, 'cargo install pueue --locked'),
      };
    case 'other':
      return { found: `the client failed: ${said}`, repair: pueue(host, 'status') };
  }
}

/** One that runs, but is not found from this login, listens in another place: a second one beside it is no help. */
function explainDown(
  client: Present,
  [other, ...more]: readonly RunningDaemon[],
  survey: PueueSurvey,
  host: HostConfig,
): Explained {
  const start = startDaemon(client, survey, host, 'start');
  if (other === undefined) return { found: 'it does not run', repair: start };
  const login =
    survey.runtime === null ? 'this login has no XDG_RUNTIME_DIR' : `this login has XDG_RUNTIME_DIR=${survey.runtime}`;
  const found = `none answers where ${survey.config} says, but ${listOf([other, ...more])}; ${login}`;
  if (other.config !== null && other.config !== survey.config) {
    const take = setInConfig(host, 'scheduler.config', other.config);
    return { found, repair: isNamed(host) ? `${start}; or, if the one that runs is meant, ${take}` : take };
  }
  const line = `runtime_directory: ${other.runtime ?? '(the XDG_RUNTIME_DIR of the daemon)'}`;
  const write = `on the host, write ${line} under shared: in ${survey.config}`;
  return {
    found,
    repair: isNamed(host) ? write : `${write}; then ${setInConfig(host, 'scheduler.config', survey.config)}`,
  };
}

function isNamed({ scheduler }: HostConfig): boolean {
  return scheduler.type === 'pueue' && scheduler.config !== null;
}

function explainVersions(client: Present, running: readonly RunningDaemon[], host: HostConfig): Explained {
  const versions = [...new Set(running.map(({ version }) => version))].join(', ');
  const daemon = versions === '' ? 'the daemon is of another version' : `the daemon is ${versions}`;
  return {
    found: `the client is ${client.version} and ${daemon}: they do not understand each other`,
    repair: setInConfig(host, 'scheduler.path', "the daemon's own client"),
  };
}

function listOf(running: readonly RunningDaemon[]): string {
  return running
    .map(({ pid, version, config, runtime }) => {
      const place = config ?? (runtime === null ? 'no XDG_RUNTIME_DIR' : `XDG_RUNTIME_DIR=${runtime}`);
      return `pueued ${version} runs (pid ${pid}, ${place})`;
    })
    .join('; ');
}

function reportVersion(
  client: Present,
  other: string | null,
  survey: PueueSurvey,
  host: HostConfig,
  findings: Findings,
): void {
  if (other === null) return findings.ok('pueue daemon', `answers, ${survey.config}`);
  findings.warn('pueue daemon', `it is ${other} and the client ${client.version}`, restartDaemon(client, survey, host));
}

/** Slots with a `count` share one queue, which hands out their GPUs. */
function reportGroups(groups: ReadonlyMap<string, PueueGroup>, host: HostConfig, findings: Findings): void {
  const slots = new Map<string, number>();
  for (const { queue } of host.slots) if (queue !== null) slots.set(queue, (slots.get(queue) ?? 0) + 1);
  const good: string[] = [];
  for (const [queue, count] of slots) {
    const group = groups.get(queue);
    if (group !== undefined && group.status === 'Running' && group.parallel === count) good.push(queue);
    else reportGroup(queue, count, group, host, findings);
  }
  if (good.length > 0) findings.ok('groups', `${good.join(', ')}: started, as many tasks at once as slots`);
}

function reportGroup(
  queue: string,
  count: number,
  group: PueueGroup | undefined,
  host: HostConfig,
  findings: Findings,
): void {
  const word = quote(queue);
  if (group === undefined) {
    const parallel = count === 1 ? '' : ` -p ${count}`;
    return findings.fail('groups', `there is no group ${queue}`, pueue(host, `group add${parallel} ${word}`));
  }
  if (group.status !== 'Running') {
    const found = `group ${queue} is ${group.status.toLowerCase()}: nothing in it is started`;
    findings.fail('groups', found, pueue(host, `start -g ${word}`));
  }
  if (group.parallel === count) return;
  const repair = pueue(host, `parallel ${count} -g ${word}`);
  const meant = count === 1 ? 'one slot' : `${count} slots`;
  if (group.parallel === 0) {
    return findings.fail('groups', `group ${queue} runs any number of tasks at once, for ${meant}`, repair);
  }
  findings.warn('groups', `group ${queue} runs ${group.parallel} at once, for ${meant}`, repair);
}

function reportConfirmation({ confirms, config }: PueueSurvey, host: HostConfig, findings: Findings): void {
  if (!confirms) return findings.ok('confirmation', 'it asks no questions');
  const edit = `sed -i 's/\\(show_confirmation_questions:\\).*/\\1 false/' ${quote(config)}`;
  findings.warn(
    'confirmation',
    `show_confirmation_questions is on in ${config}: nobody is there to answer`,
    onHost(host, edit),
  );
}

function reportLinger({ lingers, user }: PueueSurvey, host: HostConfig, findings: Findings): void {
  if (lingers === null) return;
  if (lingers) return findings.ok('linger', `what ${user} started stays after the logout`);
  const found = `systemd may end pueued when ${user} logs out: lingering is off`;
  findings.warn('linger', found, onHost(host, 'loginctl enable-linger'));
}

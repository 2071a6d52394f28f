import type { HostConfig } from '../../config/config.ts';
import { formatDuration, formatSize } from '../../domain/duration.ts';
import { putBack, saidOf } from '../../store/left-root.ts';
import type { LeftRoot } from '../../store/left-root.ts';
import { quote, quotePath } from '../../transport/quote.ts';
import type { Findings } from './finding.ts';
import { gpuUseNames } from './gpu-findings.ts';
import type { HostSurvey, Trial } from './survey.ts';
import { onHost, setInConfig } from './on-host.ts';

/** This installation. `none`: no daemon has run yet. `unknown`: its database cannot be read. */
export type Ours =
  | { readonly kind: 'named'; readonly instance: string }
  | { readonly kind: 'none' }
  | { readonly kind: 'unknown' };

export interface SurveyContext {
  readonly host: HostConfig;
  readonly ours: Ours;
  /** Was anything ever sent there? Then a root that is not there is missed, and the daemon makes no new one. */
  readonly wasUsed: boolean;
  /** The root that its jobs lie in, where that is another one. */
  readonly left?: LeftRoot | null;
  /** By our clock, when the command was sent and when it was answered; milliseconds. */
  readonly askedAtMs: number;
  readonly answeredAtMs: number;
}

/** The names of the findings, in order, for the list of what could not be checked. */
export function surveyNames(host: HostConfig): readonly string[] {
  const away = host.transport.type === 'ssh';
  return [
    ...(away ? ['clock'] : []),
    'tools',
    'root',
    'owner',
    ...(away ? ['space'] : []),
    'gpu',
    ...gpuUseNames(host),
  ];
}

export function reportHost(survey: HostSurvey, context: SurveyContext, findings: Findings): void {
  // the clock and the disk of this machine are looked at elsewhere
  const away = context.host.transport.type === 'ssh';
  if (away) reportClock(survey, context, findings);
  reportTools(survey, context.host, findings);
  reportRoot(survey, context, findings);
  reportOwner(survey, context, findings);
  if (away) reportSpace(survey, context.host, findings);
  reportGpus(survey, context.host, findings);
}

/** Nothing of ours compares two machines' clocks; people who read two logs, Kerberos and make do. */
const SKEW_LIMIT_MS = 30_000;

function reportClock(
  { clockSeconds }: HostSurvey,
  { host, askedAtMs, answeredAtMs }: SurveyContext,
  findings: Findings,
): void {
  if (clockSeconds === null) return;
  // it was read at some moment between the question and the answer, and is cut to a second
  const ahead = Math.max(0, clockSeconds * 1000 - answeredAtMs);
  const behind = Math.max(0, askedAtMs - (clockSeconds + 1) * 1000);
  const skewMs = Math.max(ahead, behind);
  if (skewMs < SKEW_LIMIT_MS) {
    return findings.ok(
      'clock',
      skewMs === 0 ? 'as ours' : `${formatDuration(skewMs)} ${ahead > 0 ? 'ahead' : 'behind'}`,
    );
  }
  const found = `${formatDuration(skewMs)} ${ahead > 0 ? 'ahead of' : 'behind'} ours`;
  findings.warn('clock', found, onHost(host, 'sudo timedatectl set-ntp true'));
}

const PACKAGES: Readonly<Record<string, string>> = {
  tar: 'tar',
  find: 'findutils',
  xargs: 'findutils',
  grep: 'grep',
  awk: 'gawk',
  sed: 'sed',
  openssl: 'openssl',
  setsid: 'util-linux',
};

function install(host: HostConfig, tools: readonly string[]): string {
  const packages = new Set(tools.map((tool) => PACKAGES[tool] ?? 'coreutils'));
  return onHost(host, `sudo apt-get install -y ${[...packages].join(' ')}`);
}

function reportTools(survey: HostSurvey, host: HostConfig, findings: Findings): void {
  const missing = [...survey.missing, ...(survey.sums === null ? ['openssl'] : [])];
  if (missing.length > 0) {
    return findings.fail(
      'tools',
      `not on the PATH of its logins (${survey.path}): ${missing.join(', ')}`,
      install(host, missing),
    );
  }
  if (!survey.can.proc) {
    return findings.fail(
      'tools',
      '/proc cannot be read: no process can be found',
      onHost(host, 'sudo mount -t proc proc /proc'),
    );
  }
  if (!survey.can.scan) {
    return findings.fail(
      'tools',
      'grep or xargs cannot look through /proc as the daemon needs it',
      install(host, ['grep', 'xargs']),
    );
  }
  if (!survey.can.setsid) {
    const found = 'no setsid: processes that a job leaves behind are found by their environment alone';
    return findings.warn('tools', found, install(host, ['setsid']));
  }
  if (!survey.can.printf) {
    const found = 'find has no -printf: a job with very many outputs ends slowly';
    return findings.warn('tools', found, install(host, ['find']));
  }
  findings.ok('tools', `sh, tar, find, setsid, ${survey.sums}`);
}

function reportRoot(survey: HostSurvey, { host, wasUsed, left = null }: SurveyContext, findings: Findings): void {
  const { root, trial, unwritable, user } = survey;
  const place = quotePath(host.root);
  if (root.kind === 'other') {
    // what lies there is not ours, and somebody may need it where it is
    return findings.fail(
      'root',
      `${root.at} is a file (or a link to nothing), so there can be no directory ${host.root}`,
      setInConfig(host, 'root', 'a directory of its own'),
    );
  }
  if (left !== null) {
    // the daemon checks whether all of it lies there because it was moved
    const told = ['root', saidOf(left, host.root), putBack(left, host.name)] as const;
    return survey.owner.kind === 'nobody' ? findings.fail(...told) : findings.warn(...told);
  }
  if (root.kind === 'absent' && wasUsed) {
    return findings.fail('root', `${host.root} was used and is not there (not mounted?)`, mount(host));
  }
  if (trial !== null && trial.step !== 'ok') {
    const missing = root.kind === 'absent' ? `${host.root} is not there; ` : '';
    const found = `${missing}${root.at} cannot be used: ${WHAT[trial.step]}: ${trial.said}`;
    return findings.fail('root', found, mendRoot(trial, survey, host));
  }
  const [first] = unwritable;
  if (first !== undefined) {
    return findings.fail(
      'root',
      `${first} cannot be written by ${user}`,
      onHost(host, `sudo chown -R ${quote(user)} ${place}`),
    );
  }
  findings.ok('root', root.kind === 'absent' ? `${host.root}, made by the daemon when it starts` : host.root);
}

/** Taking over makes an empty root: then every job that was there is as good as lost. */
function mount({ name }: HostConfig): string {
  return `mount it on ${name}; only if it is gone for good: mqi hosts takeover ${name}`;
}

const WHAT: Readonly<Record<Trial['step'], string>> = {
  ok: '',
  make: 'no directory can be made there',
  write: 'no file can be written there',
  rename: 'nothing can be renamed there',
  link: 'it has no hard links, which the claim of a job is',
  delete: 'nothing can be deleted there',
};

function mendRoot({ step, said }: Trial, { root, user }: HostSurvey, host: HostConfig): string {
  if (/read-only/i.test(said)) return onHost(host, `sudo mount -o remount,rw ${quote(root.at)}`);
  if (step === 'link') return `choose a root on a file system with hard links (hosts.${host.name}.root)`;
  // a full disk takes a directory and not a file, and dash calls that an I/O error
  if (/no space|quota/i.test(said) || (step === 'write' && !/denied|permitted/i.test(said))) {
    return `${onHost(host, `df -h ${quote(root.at)}`)}, and make room`;
  }
  const path = quotePath(host.root);
  const own = root.kind === 'absent' ? `install -d -o ${quote(user)}` : `chown -R ${quote(user)}`;
  return onHost(host, `sudo ${own} ${path}`);
}

/** Two installations on one root would share its GPUs without knowing. */
function reportOwner(
  { owner, root, user }: HostSurvey,
  { host, ours, wasUsed, left = null }: SurveyContext,
  findings: Findings,
): void {
  if (owner.kind === 'unreadable') {
    return findings.fail(
      'owner',
      `${owner.file} cannot be read by ${user}`,
      onHost(host, `sudo chown ${quote(user)} ${quote(owner.file)}`),
    );
  }
  if (owner.kind === 'nobody' && wasUsed) {
    if (root.kind === 'absent' || left !== null) return;
    return findings.fail('owner', `${root.at}/owner was there and is not (not mounted?)`, mount(host));
  }
  if (owner.kind === 'nobody') return findings.ok('owner', 'nobody yet: the daemon takes it when it starts');
  const named = owner.instance === '' ? '"" (an empty file)' : owner.instance;
  // nobody may be told to take over what may be their own
  if (ours.kind === 'unknown') return findings.info('owner', `installation ${named}; our own database cannot be read`);
  if (ours.kind === 'named' && owner.instance === ours.instance) {
    return findings.ok('owner', `this installation (${named})`);
  }
  const we = ours.kind === 'none' ? 'there is no database of ours yet' : `this one is ${ours.instance}`;
  findings.fail(
    'owner',
    `${root.at}/owner names installation ${named}, and ${we}`,
    `stop the other daemon, then: mqi hosts takeover ${host.name}`,
  );
}

/** As for this machine: below the first nothing works any more; a case of moqui and its dose are some GiB. */
const LEAST_BYTES = 100 * 2 ** 20;
const FEW_BYTES = 5 * 2 ** 30;
const FEW_INODES = 10_000;

function reportSpace({ root, freeBytes, freeInodes }: HostSurvey, host: HostConfig, findings: Findings): void {
  if (freeBytes === null) return findings.info('space', `df says nothing of ${root.at}`);
  const inodes = freeInodes === null ? '' : ` and ${freeInodes} inodes`;
  const found = `${formatSize(freeBytes)}${inodes} free at ${root.at}`;
  const repair = `${onHost(host, `df ${freeInodes !== null && freeInodes < FEW_INODES ? '-i' : '-h'} ${quote(root.at)}`)}, and make room`;
  if (freeBytes < LEAST_BYTES || freeInodes === 0) return findings.fail('space', found, repair);
  if (freeBytes < FEW_BYTES || (freeInodes ?? FEW_INODES) < FEW_INODES)
    return findings.warn('space', `only ${found}`, repair);
  findings.ok('space', found);
}

function reportGpus({ gpus, gpuTrouble }: HostSurvey, host: HostConfig, findings: Findings): void {
  if (gpuTrouble !== null) return findings.warn('gpu', `nvidia-smi failed: ${gpuTrouble}`, onHost(host, 'nvidia-smi'));
  if (gpus === null) return findings.info('gpu', 'no nvidia-smi there');
  findings.info('gpu', gpus.length === 0 ? 'nvidia-smi sees none' : `${gpus.length}: ${[...new Set(gpus)].join(', ')}`);
}

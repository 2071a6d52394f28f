import type { HostConfig, SshTransportConfig } from '../../config/config.ts';
import type { Clock } from '../../domain/clock.ts';
import { readAnswer } from '../../scheduler/answer.ts';
import { gpusCommandAnywhere } from '../../scheduler/gpu-commands.ts';
import { readGpus } from '../../scheduler/gpus-answer.ts';
import type { GpusOutcome } from '../../scheduler/scheduler.ts';
import { inspectSsh } from '../../transport/ssh-inspect.ts';
import type { RunOutcome, Transport } from '../../transport/transport.ts';
import { createTransport } from '../hosts.ts';
import { Findings } from './finding.ts';
import type { HostFinding } from './finding.ts';
import { reportGpuUse } from './gpu-findings.ts';
import { reportHost, surveyNames } from './host-findings.ts';
import type { SurveyContext } from './host-findings.ts';
import { PUEUE_NAMES, reportPueue } from './pueue-findings.ts';
import { reportLogin, reportSessions, reportUnsupported } from './ssh-findings.ts';
import { readSurvey } from './survey.ts';
import { inTurn } from './login-turn.ts';
import { surveyScript } from './survey-script.ts';
import { watchLogin } from './on-host.ts';
import { readPueueSurvey } from './pueue-survey.ts';
import { pueueScript } from './pueue-script.ts';
import { countSessions } from './ssh-sessions.ts';

export interface Examination extends Pick<SurveyContext, 'host' | 'ours' | 'wasUsed' | 'left'> {
  readonly clock: Clock;
  /** For all of it, whatever hangs; milliseconds. */
  readonly limitMs?: number;
}

/** A login may take 20 s by default, and the survey some seconds more. */
const LIMIT_MS = 30_000;
const LATE_GRACE_MS = 500;
const NONCE_LENGTH = 12;

/**
 * Looks at a host from the way to it down to its queue, beside a daemon or without one: nothing is changed, the probing
 * directory in the root is removed again. Never rejects and never hangs: what was not found out in time is named.
 */
export async function examineHost(examination: Examination): Promise<readonly HostFinding[]> {
  const { host, clock, limitMs = LIMIT_MS } = examination;
  const findings = new Findings(host.name);
  const late = new AbortController();
  const transport = createTransport(host, clock, () => {});
  let cancel = (): void => {};
  const limit = new Promise<'late'>((resolve) => {
    cancel = clock.after(limitMs, () => {
      late.abort(`no answer within ${limitMs / 1000} s`);
      resolve('late');
    });
  });
  try {
    const examining = examine(examination, transport, findings, late.signal).then(() => 'done' as const);
    // every step ends by the signal, a moment later
    if ((await Promise.race([examining, limit])) === 'late') {
      const left = clock.sleep(LATE_GRACE_MS).then(() => 'left behind' as const);
      if ((await Promise.race([examining, left])) !== 'done') throw new Error(String(late.signal.reason));
    }
  } catch (error) {
    findings.fail('doctor', error instanceof Error ? error.message : String(error), 'MQI_DEBUG=1 mqi doctor');
  } finally {
    cancel();
    void transport.close();
  }
  return findings.all;
}

async function examine(
  { clock, ...known }: Examination,
  transport: Transport,
  findings: Findings,
  signal: AbortSignal,
): Promise<void> {
  const { host } = known;
  const pueue = host.scheduler.type === 'pueue' ? host.scheduler : null;
  const rest = [...surveyNames(host), ...(pueue === null ? [] : PUEUE_NAMES)];
  if (host.transport.type === 'ssh') {
    const isIn = await login(host, host.transport, { clock, transport, signal }, findings);
    if (!isIn) return findings.notChecked(['sessions', ...rest]);
  }
  const run = (command: string): Promise<RunOutcome> =>
    transport.run(command, { stdin: '', timeoutMs: LIMIT_MS, signal });
  const askedAtMs = clock.now();
  const surveying = run(surveyScript(host.root, clock.randomId(NONCE_LENGTH))).then((outcome) => ({
    outcome,
    answeredAtMs: clock.now(),
  }));
  const asking = pueue === null ? null : run(pueueScript(pueue));
  if (host.transport.type === 'ssh') {
    reportSessions(await countSessions(host.transport, clock, signal), host.transport, host, findings);
  }
  const { outcome, answeredAtMs } = await surveying;
  const survey = answerOf(outcome, readSurvey, signal);
  if (survey.kind === 'surveyed') {
    reportHost(survey.survey, { ...known, askedAtMs, answeredAtMs }, findings);
    if (survey.survey.gpus !== null) reportGpuUse(await gpusOf(known, run), host, findings);
  } else unanswered('tools', survey.reason, surveyNames(host), host, findings);
  if (asking === null) return;
  const queue = answerOf(await asking, readPueueSurvey, signal);
  if (queue.kind === 'surveyed') reportPueue(queue.survey, host, findings);
  else unanswered('pueue', queue.reason, PUEUE_NAMES, host, findings);
}

async function login(
  host: HostConfig,
  options: SshTransportConfig,
  { clock, transport, signal }: { readonly clock: Clock; readonly transport: Transport; readonly signal: AbortSignal },
  findings: Findings,
): Promise<boolean> {
  const connecting = inTurn(
    () => transport.connect(signal),
    (outcome) => (outcome.kind === 'connected' ? null : outcome.reason),
    clock,
    signal,
  );
  const inspection = await inspectSsh(options, { clock }, signal);
  reportUnsupported(inspection, findings);
  const outcome = await connecting;
  const reason = outcome.kind === 'connected' ? null : signal.aborted ? String(signal.reason) : outcome.reason;
  reportLogin(reason, inspection, host, findings);
  return outcome.kind === 'connected';
}

/** Whose root it is does not matter here; without an installation of ours no job is ours. */
async function gpusOf(
  { host, ours }: Pick<Examination, 'host' | 'ours'>,
  run: (command: string) => Promise<RunOutcome>,
): Promise<GpusOutcome> {
  if (ours.kind === 'unknown') {
    return { kind: 'unknown', reason: 'our own database cannot be read, so nobody knows which jobs are ours' };
  }
  const instance = ours.kind === 'named' ? ours.instance : 'nobody';
  return readGpus(readAnswer(await run(gpusCommandAnywhere({ root: host.root, instance })), host.name));
}

type Answer<T> =
  | { readonly kind: 'surveyed'; readonly survey: T }
  | { readonly kind: 'unanswered'; readonly reason: string };

function answerOf<T>(
  outcome: RunOutcome,
  read: (
    outcome: Extract<RunOutcome, { kind: 'done' }>,
  ) => { readonly kind: 'surveyed'; readonly survey: T } | { readonly kind: 'garbled'; readonly reason: string },
  signal: AbortSignal,
): Answer<T> {
  if (outcome.kind === 'unknown') {
    return { kind: 'unanswered', reason: signal.aborted ? String(signal.reason) : outcome.reason };
  }
  const answer = read(outcome);
  return answer.kind === 'surveyed' ? answer : { kind: 'unanswered', reason: answer.reason };
}

function unanswered(
  name: string,
  reason: string,
  names: readonly string[],
  host: HostConfig,
  findings: Findings,
): void {
  findings.fail(name, reason, watchLogin(host));
  findings.notChecked(names.filter((other) => other !== name));
}

import { revokedBy } from '../../../src/scheduler/end.ts';
import { prove } from '../../../src/scheduler/proof.ts';
import type * as port from '../../../src/scheduler/scheduler.ts';
import { foundBy } from '../../../src/scheduler/submit.ts';
import { parseToken } from '../../../src/domain/attempt.ts';
import type { Gpu } from '../../../src/domain/gpu.ts';
import type { End, QueueResult, Receipt } from '../../../src/domain/job.ts';
import { create } from '../commands/create.ts';
import type { CreateAnswer } from '../commands/create.ts';
import { find } from '../commands/find.ts';
import { gpus } from '../commands/gpus.ts';
import { list, remove, sweepStaging } from '../commands/keep.ts';
import { look } from '../commands/look.ts';
import { release } from '../commands/release.ts';
import { lose, revoke, stop } from '../commands/stop.ts';
import type { Command, SimHost } from '../host/sim-host.ts';
import type { Connection, Reply } from '../network/connection.ts';
import { blindBy } from './blind.ts';
import type { Overseer } from './overseer.ts';

const ANSWER_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 70_000;
const REMOVE_TIMEOUT_MS = 600_000;

interface Why {
  readonly who: string;
  readonly why: string;
}

/** The scheduler's port, over a simulated host: what src/scheduler/{submit,end,watch,keep}.ts do around their commands. */
export class SimScheduler implements port.Scheduler {
  readonly kind: SimHost['kind'];
  readonly #host: SimHost;
  readonly #connection: Connection;
  readonly #overseer: Overseer;

  constructor(host: SimHost, connection: Connection, overseer: Overseer) {
    this.kind = host.kind;
    this.#host = host;
    this.#connection = connection;
    this.#overseer = overseer;
  }

  #ask<T>(
    command: (host: SimHost) => Command<T>,
    signal: AbortSignal,
    timeoutMs = ANSWER_TIMEOUT_MS,
  ): Promise<Reply<T>> {
    return this.#connection.request(() => command(this.#host), { timeoutMs, signal });
  }

  /** One that was aborted is nobody's blindness. */
  #blind(reply: Exclude<Reply<unknown>, { readonly kind: 'done' }>, signal: AbortSignal): port.Blind {
    if (!signal.aborted) this.#overseer.wentBlind(this.#host.name);
    return blindBy(reply);
  }

  async prepare(signal: AbortSignal): Promise<port.PrepareOutcome> {
    const reply = await this.#ask(function* (host) {
      yield;
      return host.node;
    }, signal);
    return reply.kind === 'done' ? { kind: 'prepared', node: reply.value } : this.#blind(reply, signal);
  }

  /** No root is changed here. */
  copied(): Promise<port.CopiedOutcome> {
    return Promise.resolve({ kind: 'copied', tokens: [] });
  }

  /** There is one installation only. */
  takeOver(signal: AbortSignal): Promise<port.PrepareOutcome> {
    return this.prepare(signal);
  }

  async create(request: port.CreateRequest, signal: AbortSignal): Promise<port.CreateOutcome> {
    const { token } = request.spec;
    this.#overseer.acts('create', token, signal);
    const reply = await this.#ask((host) => create(host, request), signal);
    switch (reply.kind) {
      case 'done':
        return created(reply.value, token);
      case 'unknown':
        return reply.sent ? { kind: 'unknown', reason: reply.reason } : this.#blind(reply, signal);
      case 'garbled':
        return { kind: 'unknown', reason: 'the answer cannot be read' };
      case 'problem':
        return this.#blind(reply, signal);
    }
  }

  async find(token: string, signal: AbortSignal): Promise<port.FindOutcome> {
    this.#overseer.acts('find', token, signal);
    const reply = await this.#ask((host) => find(host, token), signal);
    return reply.kind === 'done' ? foundBy(reply.value.facts) : this.#blind(reply, signal);
  }

  async release(attempt: port.AttemptRef, signal: AbortSignal): Promise<port.ReleaseOutcome> {
    this.#overseer.acts('release', attempt.token, signal);
    const reply = await this.#ask((host) => release(host, attempt), signal);
    if (reply.kind !== 'done') return this.#blind(reply, signal);
    return reply.value === 'blocked'
      ? { kind: 'blocked', reason: 'the claim cannot be read, so nobody knows who holds it' }
      : { kind: reply.value };
  }

  async stop(attempt: port.AttemptRef, why: Why, signal: AbortSignal): Promise<port.StopOutcome> {
    this.#overseer.acts('stop', attempt.token, signal);
    const reply = await this.#ask((host) => stop(host, attempt, why), signal, STOP_TIMEOUT_MS);
    if (reply.kind !== 'done') return this.#blind(reply, signal);
    const { facts, node } = reply.value;
    const queue = facts.queue.kind === 'ended' ? facts.queue.result : null;
    const proof = prove(facts, node, false);
    if (proof.kind === 'gone' && facts.end.kind === 'garbled')
      this.#host.ground.witness.of(attempt.token).endUnread = true;
    switch (proof.kind) {
      case 'not_yet':
        return proof;
      case 'gone':
        return gone(isPurged(facts) ? { kind: 'present', value: { kind: 'lost' } } : facts.end, queue);
      case 'gone_silent': {
        const lost = await this.#ask((host) => lose(host, attempt.token), signal);
        if (lost.kind !== 'done') return this.#blind(lost, signal);
        return lost.value.kind === 'absent'
          ? { kind: 'not_yet', reason: 'its end cannot be written' }
          : gone(lost.value, queue);
      }
    }
  }

  async revoke(attempt: port.AttemptRef, why: Why, signal: AbortSignal): Promise<port.RevokeOutcome> {
    this.#overseer.acts('revoke', attempt.token, signal);
    const reply = await this.#ask((host) => revoke(host, attempt, why), signal);
    return reply.kind === 'done' ? revokedBy(reply.value.facts) : this.#blind(reply, signal);
  }

  async look(tokens: readonly string[], signal: AbortSignal): Promise<port.Look | port.Blind> {
    const startedAtMs = this.#overseer.lookStarts();
    const reply = await this.#ask((host) => look(host, tokens), signal);
    const outcome = reply.kind === 'done' ? reply.value : this.#blind(reply, signal);
    this.#overseer.looked(this.#host.name, tokens, outcome, startedAtMs);
    return outcome;
  }

  /** No answer is no sight of the host: looks tell of that. */
  async gpus(signal: AbortSignal): Promise<port.GpusOutcome> {
    const sight = this.#overseer.probeStarts(this.#host.name);
    const reply = await this.#ask(gpus, signal);
    const outcome = probed(reply);
    if (outcome.kind === 'blind') this.#overseer.wentBlind(this.#host.name);
    this.#overseer.probed(this.#host.name, outcome, sight);
    return outcome;
  }

  async list(signal: AbortSignal): Promise<port.ListOutcome> {
    const reply = await this.#ask(list, signal);
    if (reply.kind !== 'done') return this.#blind(reply, signal);
    const attempts = reply.value.attempts.map((token) => ({ token, parts: parseToken(token)! }));
    return { kind: 'listed', attempts, staging: reply.value.staging };
  }

  async remove(attempt: port.AttemptRef, signal: AbortSignal): Promise<port.RemoveOutcome> {
    this.#overseer.acts('remove', attempt.token, signal);
    const reply = await this.#ask((host) => remove(host, attempt), signal, REMOVE_TIMEOUT_MS);
    if (reply.kind !== 'done') return this.#blind(reply, signal);
    return reply.value === 'removed' ? { kind: 'removed' } : { kind: 'not_yet', reason: 'it cannot be removed now' };
  }

  async sweepStaging(tokens: readonly string[], signal: AbortSignal): Promise<port.SweepOutcome> {
    const reply = await this.#ask((host) => sweepStaging(host, tokens), signal, REMOVE_TIMEOUT_MS);
    if (reply.kind !== 'done') return this.#blind(reply, signal);
    return { kind: 'swept', left: reply.value.map((token) => ({ token, reason: 'it cannot be removed now' })) };
  }
}

function probed(reply: Reply<readonly Gpu[] | null>): port.GpusOutcome {
  switch (reply.kind) {
    case 'done':
      return reply.value === null
        ? { kind: 'unknown', reason: 'the driver fails' }
        : { kind: 'gpus', gpus: reply.value };
    case 'unknown':
      return { kind: 'unknown', reason: reply.reason };
    default:
      return blindBy(reply);
  }
}

function created(answer: CreateAnswer, token: string): port.CreateOutcome {
  switch (answer.kind) {
    case 'created':
      return answer;
    case 'earlier':
      return { kind: 'refused', message: `${answer.token} was started before ${token}`, hint: 'mqi cases adopt' };
    case 'refused':
      return { kind: 'refused', message: answer.text, hint: null };
    case 'unknown':
    case 'blocked':
      return { kind: answer.kind, reason: answer.text };
  }
}

/** Its receipts went with its directory. */
function isPurged({ end, manifest }: port.Facts): boolean {
  return end.kind === 'absent' && manifest === 'absent';
}

function gone(end: Receipt<End>, queue: QueueResult | null): port.StopOutcome {
  return {
    kind: 'gone',
    end: end.kind === 'present' ? end.value : end.kind === 'garbled' ? { kind: 'lost' } : null,
    queue,
  };
}

import type { End, Node } from '../../src/domain/job.ts';
import type { Blind, Facts, GpusOutcome, Look, Scheduler } from '../../src/scheduler/scheduler.ts';
import type { Host } from '../../src/supervisor/host/host.ts';
import type { Transport } from '../../src/transport/transport.ts';

const NODE: Node = { name: 'fake', bootId: '00000000-0000-0000-0000-000000000000', pidNamespace: '1', uid: 0 };

interface FakeHostOptions {
  readonly observeEveryMs: number;
  readonly slots: readonly string[];
  /** Its slots say which GPU they are. */
  readonly compared: boolean;
}

/** A host whose two ports answer at once, as a test says; every operation that is not blind succeeds. */
export class FakeHost {
  /** Not null: nothing of it can be seen. */
  blind: Blind | null = null;
  /** A connection takes until this resolves. */
  way: Promise<void> = Promise.resolve();
  /** How many looks were answered, blind ones left out. */
  looks = 0;
  /** Tokens whose job was let go, with how it ended; null while it runs. */
  readonly jobs = new Map<string, End | null>();
  /** Tokens of which nobody can tell how they are, with the reason. */
  readonly unreadable = new Map<string, string>();
  /** Tokens whose claim was deleted. */
  readonly unclaimed = new Set<string>();
  /** Not null: the list of attempts has no answer, and so no reconcile succeeds. */
  unlisted: Blind | null = null;
  /** Tokens whose processes stay when their job has ended, until they are stopped. */
  readonly lingering = new Set<string>();
  /** No answer ever comes to the creation of a job. */
  creates: 'at once' | 'never' = 'at once';
  /** A stop of a job takes until this resolves. */
  stopping: Promise<void> = Promise.resolve();
  /** What is stopped cannot be ended. */
  isUnkillable = false;

  /** What is said when somebody asks what runs on the GPUs; slot N is GPU N. */
  gpus: Exclude<GpusOutcome, Blind> = { kind: 'gpus', gpus: null };
  /** How often somebody asked. */
  gpuProbes = 0;

  #gpusAnswer: Promise<GpusOutcome> | null = null;

  readonly #options: FakeHostOptions;

  constructor(options: FakeHostOptions) {
    this.#options = options;
  }

  get host(): Host {
    const { slots, compared, observeEveryMs } = this.#options;
    return {
      name: 'fake',
      transport: this.#transport(),
      scheduler: this.#scheduler(),
      root: '/fake',
      slots,
      gpus: new Map(compared ? slots.map((slot, index) => [slot, [String(index)]]) : []),
      stageAhead: slots.length,
      observeEveryMs,
      stallMs: 60_000,
      keep: { completedMs: Number.MAX_SAFE_INTEGER / 4, failedMs: Number.MAX_SAFE_INTEGER / 4 },
      collect: [],
      eventsFile: '/fake/events',
      specOf: (row) => ({
        token: row.token!,
        queue: null,
        slot: row.slot!,
        command: 'true',
        prologue: null,
        env: {},
      }),
    };
  }

  /** The next time that somebody asks what runs on the GPUs, this is the answer, as soon as it is given. */
  holdGpus(): (outcome: GpusOutcome) => void {
    let give: (outcome: GpusOutcome) => void = () => {};
    this.#gpusAnswer = new Promise((resolve) => {
      give = resolve;
    });
    return give;
  }

  #answer<T>(value: () => T): Promise<T | Blind> {
    return Promise.resolve(this.blind ?? value());
  }

  #facts(token: string): Facts {
    const end = this.jobs.get(token);
    const started = this.jobs.has(token);
    return {
      token,
      queue: started && !this.unclaimed.has(token) ? { kind: 'running' } : { kind: 'held' },
      job: { id: token, createdAt: null },
      unreadable: this.unreadable.get(token) ?? null,
      directory: 'present',
      manifest: 'present',
      claim:
        started && !this.unclaimed.has(token)
          ? { kind: 'present', value: { by: 'job', ...claimOf(NODE), pid: 7, session: 7, startTicks: '7' } }
          : { kind: 'absent' },
      end: end == null ? { kind: 'absent' } : { kind: 'present', value: end },
      slot: null,
      processes: started && (end === null || this.lingering.has(token)) ? [7] : [],
      stopped: false,
    };
  }

  #look(tokens: readonly string[]): Look {
    this.looks += 1;
    return { kind: 'looked', node: NODE, notices: [], facts: tokens.map((token) => this.#facts(token)) };
  }

  #scheduler(): Scheduler {
    return {
      kind: 'direct',
      prepare: () => this.#answer(() => ({ kind: 'prepared', node: NODE }) as const),
      takeOver: () => this.#answer(() => ({ kind: 'prepared', node: NODE }) as const),
      create: ({ spec }, signal) =>
        this.creates === 'never'
          ? aborted(signal).then(() => ({ kind: 'unknown', reason: 'aborted' }) as const)
          : this.#answer(() => ({ kind: 'created', job: { id: spec.token, createdAt: null } }) as const),
      copied: () => this.#answer(() => ({ kind: 'copied', tokens: [] }) as const),
      find: (token) => this.#answer(() => ({ kind: 'found', job: { id: token, createdAt: null } }) as const),
      release: ({ token }) =>
        this.#answer(() => {
          this.jobs.set(token, null);
          return { kind: 'released' } as const;
        }),
      stop: async ({ token }) => {
        await this.stopping;
        return this.#answer(() => {
          if (this.isUnkillable) return { kind: 'not_yet', reason: '1 process is left' } as const;
          this.lingering.delete(token);
          const end = this.jobs.get(token) ?? { kind: 'signalled', signal: 'KILL' };
          this.jobs.set(token, end);
          return { kind: 'gone', end, queue: null } as const;
        });
      },
      revoke: () => this.#answer(() => ({ kind: 'revoked' }) as const),
      look: (tokens) => this.#answer(() => this.#look(tokens)),
      gpus: (signal) => {
        this.gpuProbes += 1;
        const held = this.#gpusAnswer;
        this.#gpusAnswer = null;
        if (held === null) return this.#answer(() => this.gpus);
        return Promise.race([held, aborted(signal).then(() => ({ kind: 'unknown', reason: 'aborted' }) as const)]);
      },
      list: () => this.#answer(() => this.unlisted ?? ({ kind: 'listed', attempts: [], staging: [] } as const)),
      remove: () => this.#answer(() => ({ kind: 'removed' }) as const),
      sweepStaging: () => this.#answer(() => ({ kind: 'swept', left: [] }) as const),
    };
  }

  #transport(): Transport {
    return {
      kind: 'local',
      run: () => Promise.resolve({ kind: 'unknown', sent: false, reason: 'a fake runs nothing' }),
      send: () => Promise.resolve({ kind: 'sent' }),
      fetch: () => Promise.resolve({ kind: 'fetched', missingGlobs: [], files: 0 }),
      follow: (_file, _onLine, signal) => aborted(signal),
      connect: async () => {
        await this.way;
        return { kind: 'connected' };
      },
      onLost: () => {},
      close: () => Promise.resolve(),
    };
  }
}

function claimOf(node: Node): Pick<Node, 'bootId' | 'pidNamespace' | 'uid'> & { readonly node: string } {
  return { node: node.name, bootId: node.bootId, pidNamespace: node.pidNamespace, uid: node.uid };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

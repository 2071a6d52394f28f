import type { End, Node } from '../../src/domain/job.ts';
import type { Blind, Facts, Look, Scheduler } from '../../src/scheduler/scheduler.ts';
import type { Host } from '../../src/supervisor/host.ts';
import type { Transport } from '../../src/transport/transport.ts';

const NODE: Node = { name: 'fake', bootId: '00000000-0000-0000-0000-000000000000', pidNamespace: '1', uid: 0 };

/** A host whose two ports answer at once, as a test says; every operation that is not blind succeeds. */
export class FakeHost {
  /** Not null: nothing of it can be seen. */
  blind: Blind | null = null;
  /** How many looks were answered, blind ones left out. */
  looks = 0;
  /** Tokens whose job was let go, with how it ended; null while it runs. */
  readonly jobs = new Map<string, End | null>();

  readonly #options: { readonly observeEveryMs: number; readonly slots: readonly string[] };

  constructor(options: { readonly observeEveryMs: number; readonly slots: readonly string[] }) {
    this.#options = options;
  }

  get host(): Host {
    const { slots, observeEveryMs } = this.#options;
    return {
      name: 'fake',
      transport: this.#transport(),
      scheduler: this.#scheduler(),
      root: '/fake',
      slots,
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
        command: ['true'],
        prologue: null,
        env: {},
      }),
    };
  }

  #answer<T>(value: () => T): Promise<T | Blind> {
    return Promise.resolve(this.blind ?? value());
  }

  #facts(token: string): Facts {
    const end = this.jobs.get(token);
    const started = this.jobs.has(token);
    return {
      token,
      queue: started ? { kind: 'running' } : { kind: 'held' },
      job: { id: token, createdAt: null },
      directory: 'present',
      manifest: 'present',
      claim: started
        ? { kind: 'present', value: { by: 'job', ...claimOf(NODE), pid: 7, session: 7, startTicks: '7' } }
        : { kind: 'absent' },
      end: end == null ? { kind: 'absent' } : { kind: 'present', value: end },
      slot: null,
      processes: started && end === null ? [7] : [],
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
      create: ({ spec }) =>
        this.#answer(() => ({ kind: 'created', job: { id: spec.token, createdAt: null } }) as const),
      find: (token) => this.#answer(() => ({ kind: 'found', job: { id: token, createdAt: null } }) as const),
      release: ({ token }) =>
        this.#answer(() => {
          this.jobs.set(token, null);
          return { kind: 'released' } as const;
        }),
      stop: () =>
        this.#answer(() => ({ kind: 'gone', end: { kind: 'signalled', signal: 'KILL' }, queue: null }) as const),
      revoke: () => this.#answer(() => ({ kind: 'revoked' }) as const),
      look: (tokens) => this.#answer(() => this.#look(tokens)),
      list: () => this.#answer(() => ({ kind: 'listed', attempts: [], staging: [] }) as const),
      remove: () => this.#answer(() => ({ kind: 'removed' }) as const),
      sweepStaging: () => this.#answer(() => ({ kind: 'swept' }) as const),
    };
  }

  #transport(): Transport {
    return {
      kind: 'local',
      run: () => Promise.resolve({ kind: 'unknown', sent: false, reason: 'a fake runs nothing' }),
      send: () => Promise.resolve({ kind: 'sent' }),
      fetch: () => Promise.resolve({ kind: 'fetched', missingGlobs: [], files: 0 }),
      follow: (_file, _onLine, signal) =>
        new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true })),
      connect: () => Promise.resolve({ kind: 'connected' }),
      onLost: () => {},
      close: () => Promise.resolve(),
    };
  }
}

function claimOf(node: Node): Pick<Node, 'bootId' | 'pidNamespace' | 'uid'> & { readonly node: string } {
  return { node: node.name, bootId: node.bootId, pidNamespace: node.pidNamespace, uid: node.uid };
}

import type * as port from '../../../src/transport/transport.ts';
import type { SimHost } from '../host/sim-host.ts';
import type { Folders } from '../folders.ts';
import type { Incarnation } from '../incarnation.ts';
import { onAbort } from '../network/connection.ts';
import type { Connection } from '../network/connection.ts';
import type { ResultsFolder } from '../results-folder.ts';
import type { Overseer } from './overseer.ts';

/** How long a transfer may go without a byte, ms. */
const STALL_MS = 30_000;

const HANGS = { kind: 'blocked', reason: 'the disk of the folder has not answered' } as const;

/** The transport's port, over a simulated host and its wire. */
export class SimTransport implements port.Transport {
  readonly kind = 'ssh';
  readonly #host: SimHost;
  readonly #connection: Connection;
  readonly #incarnation: Incarnation;
  readonly #overseer: Overseer;
  readonly #results: ResultsFolder;
  readonly #folders: Pick<Folders, 'fingerprintOf' | 'hangs' | 'isMissing'>;

  constructor(deps: {
    readonly host: SimHost;
    readonly connection: Connection;
    readonly incarnation: Incarnation;
    readonly overseer: Overseer;
    readonly results: ResultsFolder;
    readonly folders: Pick<Folders, 'fingerprintOf' | 'hangs' | 'isMissing'>;
  }) {
    this.#host = deps.host;
    this.#connection = deps.connection;
    this.#incarnation = deps.incarnation;
    this.#overseer = deps.overseer;
    this.#results = deps.results;
    this.#folders = deps.folders;
  }

  run(): Promise<port.RunOutcome> {
    throw new Error('the simulation stands in at the operations, not at shell text');
  }

  async send({ token, folder, fingerprint, signal, onProgress }: port.SendRequest): Promise<port.SendOutcome> {
    this.#overseer.acts('send', token, signal);
    if (this.#folders.hangs(folder)) return HANGS;
    if (this.#folders.isMissing(folder) !== null) return { kind: 'missing', reason: 'its folder is not there' };
    if (this.#folders.fingerprintOf(folder) !== fingerprint)
      return { kind: 'changed', message: 'its folder has changed' };
    const bytes = 1_000_000;
    const reply = await this.#connection.request(
      () => upload(this.#host, token, () => this.#folders.fingerprintOf(folder)),
      {
        timeoutMs: STALL_MS,
        signal,
      },
    );
    if (reply.kind === 'garbled') return { kind: 'failed', message: 'a file arrived wrong' };
    if (reply.kind !== 'done') return this.#blind(reply.kind, signal);
    if (reply.value === 'full') return { kind: 'blocked', reason: 'the disk of the host is full' };
    if (reply.value === 'hidden') return { kind: 'blocked', reason: 'its directory cannot be looked at' };
    onProgress?.({ sentBytes: bytes, totalBytes: bytes });
    if (this.#folders.hangs(folder)) return HANGS;
    return this.#folders.fingerprintOf(folder) === fingerprint
      ? { kind: 'sent' }
      : { kind: 'changed', message: 'its folder has changed' };
  }

  async fetch({ token, results, target, mustBeWhole, globs, signal }: port.FetchRequest): Promise<port.FetchOutcome> {
    this.#overseer.acts('fetch', token, signal);
    const path = `${results}/${target}`;
    if (this.#results.has(path, token)) return { kind: 'fetched', missingGlobs: [], files: 1 };
    const reply = await this.#connection.request(() => download(this.#host, token), { timeoutMs: STALL_MS, signal });
    if (reply.kind !== 'done') return this.#blind(reply.kind, signal);
    if (this.#results.full) return { kind: 'blocked', reason: 'the disk of the results is full' };
    const odd = this.#host.hides(token) ?? (this.#host.oddities.is('too many files', token) ? 'too many files' : null);
    if (odd !== null) return { kind: 'blocked', reason: odd };
    const whole = reply.value !== null;
    if (whole || !mustBeWhole) this.#results.keep(path, token, reply.value);
    const missingGlobs = whole ? [] : globs.filter((glob) => !glob.optional).map((glob) => glob.glob);
    return { kind: 'fetched', missingGlobs, files: whole ? 1 : 0 };
  }

  #blind(reason: string, signal: AbortSignal): { readonly kind: 'blind'; readonly reason: string } {
    if (!signal.aborted) this.#overseer.wentBlind(this.#host.name);
    return { kind: 'blind', reason };
  }

  follow(_file: string, onLine: (line: string) => void, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const { followers } = this.#host;
      const hear = (line: string): void => {
        this.#incarnation.later(5, () => {
          if (!signal.aborted && this.#connection.isWorking()) onLine(line);
        });
      };
      followers.add(hear);
      this.#incarnation.onDeath(() => followers.delete(hear));
      onAbort(signal, () => {
        followers.delete(hear);
        resolve();
      });
    });
  }

  connect(signal: AbortSignal): ReturnType<port.Transport['connect']> {
    return this.#connection.connect(signal);
  }

  onLost(listener: (reason: string) => void): void {
    this.#connection.onLost((reason) => {
      this.#overseer.wentBlind(this.#host.name);
      listener(reason);
    });
  }

  close(): Promise<void> {
    this.#connection.close();
    return Promise.resolve();
  }
}

function* upload(
  host: SimHost,
  token: string,
  inputs: () => string,
): Generator<number | undefined, 'sent' | 'full' | 'hidden'> {
  if (host.directoryOf(token) !== null && host.hides(token) !== null) return 'hidden';
  if (host.directoryOf(token)?.manifest === true) return 'sent';
  host.staging.add(token);
  yield host.random.between(50, 4_000);
  if (host.diskFull) return 'full';
  yield;
  host.receive(token, inputs());
  return 'sent';
}

/** The job's outputs; null when they are not all there. */
function* download(host: SimHost, token: string): Generator<number | undefined, string | null> {
  yield host.random.between(50, 3_000);
  return host.directoryOf(token)?.outputs ?? null;
}

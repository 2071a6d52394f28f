import { connect } from 'node:net';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

import ssh2 from 'ssh2';
import type { Client, ClientErrorExtensions } from 'ssh2';

import type { Clock } from '../domain/clock.ts';
import { Login } from './ssh-auth.ts';
import type { Credentials } from './ssh-auth.ts';
import type { Hop } from './ssh-config.ts';
import { HostKeyCheck } from './ssh-host-key.ts';
import { watchLiveness } from './ssh-liveness.ts';

export interface DialContext {
  readonly hop: Hop;
  readonly credentials: Credentials;
  /** A forwarded stream of the hop before; null for a TCP connection from here. */
  readonly via: Duplex | null;
  readonly clock: Clock;
  readonly keepaliveMs: number;
  /** Ends the attempt, with its `reason`; means nothing once connected. */
  readonly signal: AbortSignal;
}

/** A login that works. */
export interface Dialled {
  readonly client: Client;
  /** Resolves once, with the reason, when it works no more. Never rejects. */
  readonly lost: Promise<string>;
  /** Ends it at once; `lost` resolves with this reason, if with none before. */
  end(reason: string): void;
}

/** ssh2 sends its pings for ever: whether the peer is alive is told by what is heard, not by the answers to them. */
const NEVER_GIVE_UP = Number.MAX_SAFE_INTEGER;

/** Connects and logs in. Rejects with an Error that says why not, and what to type next where there is something. */
export async function dial(context: DialContext): Promise<Dialled> {
  const { hop, signal } = context;
  const hostKey = await HostKeyCheck.of(hop);
  signal.throwIfAborted();
  const login = new Login(hop.user, context.credentials);
  const socket = context.via ?? openSocket(hop);
  // ssh2 is CommonJS, and Node sees only some of its names: so the values are taken from the whole
  const client = new ssh2.Client();
  let stage = `no TCP connection to ${hop.host}:${hop.port}`;
  let stopLiveness = (): void => {};

  return new Promise<Dialled>((resolve, reject) => {
    let hasAnswered = false;
    let connected = false;
    let ended = false;
    let lose!: (reason: string) => void;
    const lost = new Promise<string>((resolveLost) => (lose = resolveLost));
    const end = (reason: string): void => {
      if (ended) return;
      ended = true;
      signal.removeEventListener('abort', onAbort);
      stopLiveness();
      if (connected) lose(reason);
      else reject(new Error(reason));
      // the handlers stay: ssh2 reports an error twice, and one without a handler would end the daemon
      socket.destroy();
    };
    const onAbort = (): void => end(`${String(signal.reason)} (${stage})`);
    signal.addEventListener('abort', onAbort, { once: true });

    client.on('error', (error: Error & ClientErrorExtensions) => {
      // a key or the agent failed: ssh2 goes on to the next one by itself
      if (!connected && isAboutOneKey(error)) return login.note(error.message);
      end(connected ? lossOf(error, hop) : explain(error, hop, hostKey, login, hasAnswered));
    });
    client.on('connect', () => (stage = `${hop.host}:${hop.port} was reached, but did not answer as an SSH server`));
    client.on('handshake', () => {
      hasAnswered = true;
      if (!connected) stage = `logging in as ${hop.user} did not end`;
    });
    const close = (): void => end(`${hop.host} closed the connection${connected ? '' : ` (${stage})`}`);
    client.on('end', close);
    client.on('close', close);
    client.on('ready', () => {
      if (ended) return;
      connected = true;
      signal.removeEventListener('abort', onAbort);
      stopLiveness = watchLiveness(context.clock, context.keepaliveMs, socket, end);
      resolve({ client, lost, end });
    });
    try {
      client.connect({
        sock: socket,
        username: hop.user,
        authHandler: login.handler,
        hostVerifier: (key: Buffer) => hostKey.verify(key),
        algorithms: { serverHostKey: hostKey.algorithms },
        keepaliveInterval: context.keepaliveMs,
        keepaliveCountMax: NEVER_GIVE_UP,
        // the whole way shares one time limit, which is the signal's
        readyTimeout: 0,
      });
    } catch (error) {
      end(error instanceof Error ? error.message : String(error));
    }
  });
}

function openSocket(hop: Hop): Socket {
  return connect({
    host: hop.host,
    port: hop.port,
    family: hop.family,
    // without it every small write waits for the peer's delayed acknowledgement: 43 ms instead of 0.24
    noDelay: true,
    ...(hop.bindAddress === null ? {} : { localAddress: hop.bindAddress }),
  });
}

const ALL_FAILED = 'All configured authentication methods failed';

function isAboutOneKey({ level, message }: Error & ClientErrorExtensions): boolean {
  return level === 'agent' || (level === 'client-authentication' && message !== ALL_FAILED);
}

const TOO_MANY_LOGINS = 'too many logins at once there (MaxStartups)';

/** Why a connection was not made: may it be for others that are being made at the same time? */
export function isTooManyLogins(reason: string): boolean {
  return reason.includes(TOO_MANY_LOGINS);
}

/** A host that closes while words of ours are still on their way answers them by a reset. */
function isReset(error: Error): boolean {
  return 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
}

function lossOf(error: Error, hop: Hop): string {
  return isReset(error) ? `${hop.host} closed the connection (${error.message})` : error.message;
}

/** ssh2's and the kernel's words in ours, with the next command to type. */
function explain(error: Error, hop: Hop, hostKey: HostKeyCheck, login: Login, hasAnswered: boolean): string {
  const place = `${hop.host}:${hop.port}`;
  const tryIt = `Try: ssh ${hop.typed} true`;
  if (hostKey.refusal !== null) return hostKey.refusal;
  if (error.message === ALL_FAILED)
    return `${hop.user}@${place} lets nobody in: ${login.explain()}. Try: ssh -v ${hop.typed} true`;
  if (/too many authentication failures/i.test(error.message)) {
    return `${hop.user}@${place} refused after too many keys: ${login.explain()}. Set identity for this host, so that one key is tried`;
  }
  if (error.message === 'Connection lost before handshake' || (isReset(error) && !hasAnswered)) {
    return `${place} closed the connection before it answered: ${TOO_MANY_LOGINS}, or a block. ${tryIt}`;
  }
  switch ('code' in error ? error.code : null) {
    case 'ECONNREFUSED':
      return `${place} refused the connection: no SSH server listens there. ${tryIt}`;
    case 'ENOTFOUND':
      return `there is no address for ${hop.host}. Check its name, or HostName in the ssh config: ssh -G ${hop.typed}`;
    case 'EAI_AGAIN':
      return `the name service does not answer for ${hop.host}`;
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'ETIMEDOUT':
      return `${place} cannot be reached (${error.message}). ${tryIt}`;
    default:
      return `${place}: ${error.message}. ${tryIt}`;
  }
}

import type { Duplex } from 'node:stream';

import type { Clock } from '../domain/clock.ts';
import { gatherCredentials } from './ssh-auth.ts';
import type { Credentials } from './ssh-auth.ts';
import type { Hop } from './ssh-config.ts';
import { dial } from './ssh-dial.ts';
import type { Dialled } from './ssh-dial.ts';
import { frameCommand } from './ssh-frame.ts';
import { Loss } from './ssh-loss.ts';
import { lostProcess, wrapChannel } from './ssh-process.ts';
import type { StartedProcess } from './ssh-process.ts';
import type { Route } from './ssh-route.ts';

/** `refused`: the host gives no further channel now. `unsent`: surely nothing was started. */
export type ExecOutcome =
  | ({ readonly kind: 'started' } & StartedProcess)
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'unsent'; readonly reason: string };

/** One connection to a host, through all its jump hosts. It is never made again: another takes its place. */
export interface SshConnection {
  /** Never rejects: a command that cannot be started is an outcome. */
  exec(command: string): Promise<ExecOutcome>;
  /** Resolves once, with the reason, when the connection is no more. Never rejects. */
  readonly lost: Promise<string>;
  close(reason: string): void;
}

/** What a connection is made from: the way, and the keys for each hop of it. */
export interface Ticket {
  readonly route: Route;
  readonly credentials: readonly Credentials[];
}

/** Reads the keys once for all connections that are made with the ticket. */
export async function prepareTicket(route: Route, passphrase: string | null, clock: Clock): Promise<Ticket> {
  const credentials: Credentials[] = [];
  for (const hop of route.hops) credentials.push(await gatherCredentials(hop, passphrase, clock));
  return { route, credentials };
}

export interface ConnectionContext {
  readonly clock: Clock;
  readonly keepaliveMs: number;
  /** Ends the attempt, with its `reason`. */
  readonly signal: AbortSignal;
}

/** ssh2 tells what became of a command that was being opened in the same moment as it closes. */
const CLOSING_GRACE_MS = 200;
const NONCE_LENGTH = 16;
const NO_CREDENTIALS: Credentials = { keys: [], leftOut: [], unsupported: [] };

/** Rejects with an Error that says why it cannot be made. */
export async function openConnection(ticket: Ticket, context: ConnectionContext): Promise<SshConnection> {
  const chain: Dialled[] = [];
  const endAll = (reason: string): void => {
    // from the near end: it is the one socket that the kernel surely closes
    for (const dialled of chain) dialled.end(reason);
  };
  try {
    for (const [index, hop] of ticket.route.hops.entries()) {
      const before = chain.at(-1);
      const via = before === undefined ? null : await forward(before, hop, context.signal);
      const credentials = ticket.credentials[index] ?? NO_CREDENTIALS;
      const dialled = await dial({ ...context, hop, credentials, via });
      chain.push(dialled);
      // a hop that is lost takes those behind it along, though nothing tells their streams
      void dialled.lost.then(endAll);
    }
  } catch (error) {
    endAll('the connection was not completed');
    throw error;
  }
  // the chain has at least one link: a route has at least one hop
  return connectionOf(chain.at(-1)!, endAll, context.clock);
}

function forward({ client, lost }: Dialled, to: Hop, signal: AbortSignal): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const giveUp = (): void => reject(new Error(`${String(signal.reason)} (no way on to ${to.host}:${to.port})`));
    signal.addEventListener('abort', giveUp, { once: true });
    void lost.then((reason) => reject(new Error(reason)));
    client.forwardOut('127.0.0.1', 0, to.host, to.port, (error, stream) => {
      signal.removeEventListener('abort', giveUp);
      if (error === undefined) return resolve(stream);
      // reason 1 is the server's policy, 2 is the network behind it (RFC 4254, section 5.1)
      const forbidden = 'reason' in error && error.reason === 1;
      const why = forbidden ? 'it forbids forwarding (AllowTcpForwarding, PermitOpen)' : error.message;
      reject(new Error(`the jump host cannot reach ${to.host}:${to.port}: ${why}. Try: ssh ${to.typed} true`));
    });
  });
}

function connectionOf({ client, lost }: Dialled, endAll: (reason: string) => void, clock: Clock): SshConnection {
  const loss = new Loss();
  void lost.then((reason) => loss.announce(reason));

  const exec = (command: string): Promise<ExecOutcome> =>
    new Promise((resolve) => {
      if (loss.reason !== null) return resolve({ kind: 'unsent', reason: loss.reason });
      const leave = loss.listen((reason) =>
        clock.after(CLOSING_GRACE_MS, () => resolve({ kind: 'started', ...lostProcess(reason) })),
      );
      try {
        const frame = frameCommand(command, clock.randomId(NONCE_LENGTH));
        client.exec(frame.argument, (error, channel) => {
          leave();
          if (error !== undefined) resolve(notStarted(error, loss.reason));
          else resolve({ kind: 'started', ...wrapChannel(channel, frame, loss) });
        });
      } catch (error) {
        leave();
        // `Not connected` is thrown, not called back; a command too long as well
        resolve({ kind: 'unsent', reason: error instanceof Error ? error.message : String(error) });
      }
    });

  return {
    exec,
    lost,
    close(reason) {
      // says goodbye, so that the host frees its session at once
      client.end();
      endAll(reason);
    },
  };
}

/**
 * ssh2 asks for a channel and, once it is there, for the command. An error of the first step means that nothing was
 * sent; `Unable to exec` is a refused or unanswered second step: it may run.
 */
function notStarted(error: Error, lostReason: string | null): ExecOutcome {
  if ('reason' in error) return { kind: 'refused', reason: error.message };
  const reason = lostReason ?? error.message;
  const unsent = error.message === 'No response from server' || error.message === 'Channel is not open';
  return unsent ? { kind: 'unsent', reason } : { kind: 'started', ...lostProcess(reason) };
}

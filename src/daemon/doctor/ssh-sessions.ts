import type { SshTransportConfig } from '../../config/config.ts';
import type { Clock } from '../../domain/clock.ts';
import { openConnection, prepareTicket } from '../../transport/ssh-connection.ts';
import type { SshConnection } from '../../transport/ssh-connection.ts';
import { passphraseOf } from '../../transport/ssh-keys.ts';
import { resolveRoute } from '../../transport/ssh-route.ts';
import { inTurn } from './login-turn.ts';

export type Sessions =
  /** Of as many as are configured. */
  { readonly kind: 'given'; readonly count: number } | { readonly kind: 'no_connection'; readonly reason: string };

/** Opens one more connection, as the daemon does for transfers, and in it as many channels as it would use. */
export function countSessions(options: SshTransportConfig, clock: Clock, signal: AbortSignal): Promise<Sessions> {
  const reasonOf = (sessions: Sessions): string | null => (sessions.kind === 'given' ? null : sessions.reason);
  return inTurn(() => countOnce(options, clock, signal), reasonOf, clock, signal);
}

async function countOnce(options: SshTransportConfig, clock: Clock, signal: AbortSignal): Promise<Sessions> {
  const resolved = await resolveRoute(options, signal);
  if (resolved.kind === 'failed') return { kind: 'no_connection', reason: resolved.reason };
  let connection: SshConnection | null = null;
  try {
    const ticket = await prepareTicket(resolved.route, await passphraseOf(options), clock);
    connection = await openConnection(ticket, { clock, keepaliveMs: options.keepaliveMs, signal });
    return await openAll(connection, options.maxSessions);
  } catch (error) {
    return { kind: 'no_connection', reason: error instanceof Error ? error.message : String(error) };
  } finally {
    connection?.close('counted');
  }
}

async function openAll(connection: SshConnection, wanted: number): Promise<Sessions> {
  // each ends when its input does: until then it keeps its session
  const outcomes = await Promise.all(Array.from({ length: wanted }, () => connection.exec('cat > /dev/null')));
  let count = 0;
  for (const outcome of outcomes) {
    if (outcome.kind !== 'started') continue;
    count += 1;
    outcome.process.stdin.end();
    outcome.process.stdout.resume();
    outcome.process.stderr.resume();
  }
  const unsent = outcomes.find((outcome) => outcome.kind === 'unsent');
  return unsent === undefined ? { kind: 'given', count } : { kind: 'no_connection', reason: unsent.reason };
}

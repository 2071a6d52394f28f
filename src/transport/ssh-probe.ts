import type { SshConnection } from './ssh-connection.ts';

/** Runs nothing, once: a login that gives no shell (SFTP only, nologin, a forced command) is no connection. */
export async function probe(connection: SshConnection, signal: AbortSignal): Promise<string | null> {
  let giveUp!: () => void;
  const aborted = new Promise<string>((resolve) => {
    giveUp = (): void =>
      resolve(`${String(signal.reason)} (logged in, but no command runs: a login script that waits?)`);
  });
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    return await Promise.race([aborted, runNothing(connection)]);
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}

async function runNothing(connection: SshConnection): Promise<string | null> {
  const outcome = await connection.exec(':');
  if (outcome.kind === 'refused') return `the host gives no session (MaxSessions?): ${outcome.reason}`;
  if (outcome.kind === 'unsent') return outcome.reason;
  const { stdin, stdout, stderr, ended } = outcome.process;
  stdin.end();
  stdout.resume();
  stderr.resume();
  const { exitCode, ...rest } = await ended;
  if (exitCode === 0) return null;
  return 'reason' in rest ? rest.reason : `the host's /bin/sh ended with ${exitCode} without running anything`;
}

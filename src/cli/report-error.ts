import { CliError } from './cli-error.ts';
import { EXIT } from './exit-code.ts';
import type { Io } from './io.ts';
import { styled } from './screen.ts';
import { unbuilt } from './unbuilt.ts';

/** `mqi: what and why`, then the next command. A stack trace only where `MQI_DEBUG=1` asks for one. */
export function reportError(io: Io, error: unknown): number {
  const { message, next, details, exitCode } = factsOf(unbuilt(error) ?? error);
  io.err.line(styled('red', 'mqi: '), message);
  for (const detail of details) io.err.line(`  ${detail}`);
  if (next !== null) io.err.line('  next: ', next);
  if (io.env['MQI_DEBUG'] === '1' && error instanceof Error) {
    for (const line of (error.stack ?? '').split('\n')) io.err.line(styled('dim', line));
  }
  return exitCode;
}

interface Facts {
  readonly message: string;
  readonly next: string | null;
  readonly details: readonly string[];
  readonly exitCode: number;
}

function factsOf(error: unknown): Facts {
  if (error instanceof CliError) {
    return { message: error.message, next: error.next, details: error.details, exitCode: error.exitCode };
  }
  const message = error instanceof Error ? error.message : String(error);
  // errors of the store and of the daemon carry their own next command
  const next = error instanceof Error && 'next' in error && typeof error.next === 'string' ? error.next : null;
  if (next !== null) return { message, next, details: [], exitCode: EXIT.failed };
  return { message, next: 'MQI_DEBUG=1 shows where this came from', details: [], exitCode: EXIT.failed };
}

import { EXIT } from './exit-code.ts';
import type { ExitCode } from './exit-code.ts';

/** A command cannot do what was asked; `next` is the command to type, or what to do. */
export class CliError extends Error {
  readonly next: string | null;
  readonly exitCode: ExitCode;
  /** More lines that help to choose: the cases that a prefix may mean, every problem of a configuration. */
  readonly details: readonly string[];

  constructor(message: string, next: string | null, exitCode: ExitCode = EXIT.failed, details: readonly string[] = []) {
    super(message);
    this.name = 'CliError';
    this.next = next;
    this.exitCode = exitCode;
    this.details = details;
  }
}

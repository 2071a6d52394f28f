import { unbuilt } from '../unbuilt.ts';

/** One thing that has to be right, looked at without changing anything that anybody would miss. */
export interface Check {
  readonly name: string;
  run(): Finding | Promise<Finding>;
}

export interface Finding {
  /** `warn`: it works, and a person should know. `info`: neither good nor bad. */
  readonly status: 'ok' | 'warn' | 'fail' | 'info';
  readonly found: string;
  /** The command that mends it; null where there is nothing to mend. */
  readonly repair: string | null;
}

/** A finding with what it is about; `host` is null for this installation and this machine. */
export interface Checked extends Finding {
  readonly host: string | null;
  readonly name: string;
}

/** Several things that one reading tells. */
export interface Survey {
  survey(): Promise<readonly Checked[]>;
}

export const ok = (found: string): Finding => ({ status: 'ok', found, repair: null });
export const warn = (found: string, repair: string): Finding => ({ status: 'warn', found, repair });
export const info = (found: string): Finding => ({ status: 'info', found, repair: null });
export const fail = (found: string, repair: string): Finding => ({ status: 'fail', found, repair });

/** A check that throws has found something too. */
export async function runCheck(check: Pick<Check, 'run'>): Promise<Finding> {
  try {
    return await check.run();
  } catch (thrown) {
    const error = unbuilt(thrown) ?? thrown;
    const message = error instanceof Error ? error.message : String(error);
    const next = error instanceof Error && 'next' in error && typeof error.next === 'string' ? error.next : null;
    return fail(message, next ?? 'MQI_DEBUG=1 mqi doctor');
  }
}

/** The message of a system error without its stack of codes: `EACCES: permission denied, mkdir '/x'`. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

import type { LogIntake } from './event.ts';

/** Troubles told at once; more of them are one trouble. */
const MAX_OPEN = 100;

export interface Episodes {
  /** Tells a trouble when it begins, or gets another reason; not each time it is met. */
  trouble(what: string, error: unknown): void;
  over(what: string): void;
}

export function createEpisodes(log: LogIntake): Episodes {
  const open = new Map<string, string>();
  return {
    trouble(what, error) {
      const reason = error instanceof Error ? error.message : String(error);
      const known = open.get(what);
      if (known === reason || (known === undefined && open.size >= MAX_OPEN)) return;
      open.set(what, reason);
      log({ level: 'error', event: 'intake.trouble', what, reason, message: `${what}: ${reason}` });
    },
    over(what) {
      if (!open.delete(what)) return;
      log({ level: 'info', event: 'intake.trouble_over', what, message: `${what}: works again` });
    },
  };
}

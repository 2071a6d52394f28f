/** Where the supervisor tells what it does; `daemon/log` writes it as JSON lines. */
export interface Log {
  debug(fields: Readonly<Record<string, unknown>>, message: string): void;
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
}

/** What went wrong, in one line. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * Says a trouble once an episode: a full disk that fails every sweep must not fill the log too. `over` tells, once,
 * that it is gone.
 */
export function createEpisodes(log: Log): {
  trouble(what: string, error: unknown): void;
  over(what: string): void;
} {
  const open = new Map<string, string>();
  return {
    trouble(what, error) {
      const reason = reasonOf(error);
      if (open.get(what) === reason) return;
      open.set(what, reason);
      log.error({ what, reason }, `${what} failed and is tried again: ${reason}`);
    },
    over(what) {
      if (open.delete(what)) log.info({ what }, `${what} works again`);
    },
  };
}

export type Episodes = ReturnType<typeof createEpisodes>;

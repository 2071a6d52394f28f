/** One thing about a host that was looked at. */
export interface HostFinding {
  readonly host: string;
  readonly name: string;
  /** `warn`: it works, and a person should know. `info`: neither good nor bad. */
  readonly status: 'ok' | 'warn' | 'fail' | 'info';
  readonly found: string;
  /** The command that mends it; null where there is nothing to mend. */
  readonly repair: string | null;
}

/** The findings about one host, in the order in which they were made. */
export class Findings {
  readonly host: string;
  readonly #made: HostFinding[] = [];

  constructor(host: string) {
    this.host = host;
  }

  get all(): readonly HostFinding[] {
    return [...this.#made];
  }

  ok(name: string, found: string): void {
    this.#add(name, 'ok', found, null);
  }

  info(name: string, found: string): void {
    this.#add(name, 'info', found, null);
  }

  warn(name: string, found: string, repair: string): void {
    this.#add(name, 'warn', found, repair);
  }

  fail(name: string, found: string, repair: string): void {
    this.#add(name, 'fail', found, repair);
  }

  /** What nothing is known of, because something before it failed. */
  notChecked(names: readonly string[]): void {
    if (names.length > 0) this.#add('not checked', 'info', names.join(', '), null);
  }

  #add(name: string, status: HostFinding['status'], found: string, repair: string | null): void {
    this.#made.push({ host: this.host, name, status, found, repair });
  }
}

import { readFileSync } from 'node:fs';

import type { Clock } from '../domain/clock.ts';
import { Setback } from './setback.ts';

/**
 * Calls for files of one disk that are under way at the same time. One that hangs (a dead file server) keeps its thread
 * until it comes back, and cannot be called off: so no disk gets so many threads that the others get none.
 */
class Lane {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(width: number) {
    this.#free = width;
  }

  /** Calls `begin` when it is this one's turn; `give` ends it. */
  take(begin: () => void): void {
    if (this.#free === 0) return void this.#waiting.push(begin);
    this.#free -= 1;
    begin();
  }

  give(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free += 1;
    else next();
  }
}

/**
 * Of the four threads that Node has for files. The intake has two for the disks that it watches, which are those that
 * are read here; of results one stays free for everybody else.
 */
const WIDTH = { reading: 1, writing: 3 } as const;

/** The threads belong to the process, and so do the lanes: by what is done, and the mount point. */
const lanes = new Map<string, Lane>();

function laneOf(doing: keyof typeof WIDTH, path: string): Lane {
  const key = `${doing} ${mountOf(path)}`;
  const lane = lanes.get(key) ?? new Lane(WIDTH[doing]);
  lanes.set(key, lane);
  return lane;
}

/** /proc answers whatever hangs. Without it all disks count as one. */
function mountOf(path: string): string {
  const holds = (mount: string): boolean => mount === '/' || path === mount || path.startsWith(`${mount}/`);
  try {
    const mounts = readFileSync('/proc/self/mountinfo', 'utf8')
      .split('\n')
      .map((line) => (line.split(' ')[4] ?? '').replaceAll(/\\([0-7]{3})/g, (_, code: string) => character(code)));
    return mounts.filter(holds).reduce((longest, mount) => (mount.length > longest.length ? mount : longest), '/');
  } catch {
    return '/';
  }
}

function character(octal: string): string {
  return String.fromCharCode(Number.parseInt(octal, 8));
}

/** Far below what a disk in use does: how long it may be busy with so many bytes. */
const SLOWEST_BYTES_PER_MS = 5_000;

/** A call that somebody waits for. */
interface Waiting {
  readonly untilMs: number;
  readonly patienceMs: number;
  readonly reject: (setback: Setback) => void;
}

/**
 * The disk of this machine that one transfer reads or writes. What does not answer within `stallMs` is the trouble of
 * that transfer, and says nothing of the host.
 */
export class OwnDisk {
  readonly #path: string;
  readonly #lane: Lane;
  readonly #clock: Clock;
  readonly #limits: { readonly stallMs: number; readonly signal: AbortSignal };
  readonly #waiting = new Set<Waiting>();
  #isTimed = false;

  /** `path`: as a person knows the place. */
  constructor(
    doing: keyof typeof WIDTH,
    path: string,
    clock: Clock,
    limits: { readonly stallMs: number; readonly signal: AbortSignal },
  ) {
    this.#path = path;
    this.#lane = laneOf(doing, path);
    this.#clock = clock;
    this.#limits = limits;
    limits.signal.addEventListener('abort', () => this.#end(() => new Setback('blind', 'aborted')), { once: true });
  }

  /**
   * A few calls for one file. `busyBytes`: as much as they may have to move. `late`: gets what comes when nobody waits
   * for it any more.
   */
  call<T>(
    work: () => Promise<T>,
    { busyBytes = 0, late = () => {} }: { readonly busyBytes?: number; readonly late?: (value: T) => void } = {},
  ): Promise<T> {
    const { stallMs, signal } = this.#limits;
    if (signal.aborted) return Promise.reject(new Setback('blind', 'aborted'));
    return new Promise((resolve, reject) => {
      const patienceMs = stallMs + Math.ceil(busyBytes / SLOWEST_BYTES_PER_MS);
      const waiting = { untilMs: this.#clock.monotonic() + patienceMs, patienceMs, reject };
      this.#waiting.add(waiting);
      this.#time();
      this.#lane.take(() => {
        if (!this.#waiting.has(waiting)) return this.#lane.give();
        work().then(
          (value) => {
            this.#lane.give();
            if (this.#waiting.delete(waiting)) resolve(value);
            else late(value);
          },
          (error: unknown) => {
            this.#lane.give();
            if (this.#waiting.delete(waiting)) reject(error instanceof Error ? error : new Error(String(error)));
          },
        );
      });
    });
  }

  /** One timer for all: most calls are over long before. */
  #time(): void {
    if (this.#isTimed) return;
    this.#isTimed = true;
    const next = Math.min(...[...this.#waiting].map(({ untilMs }) => untilMs));
    this.#clock.after(next - this.#clock.monotonic(), () => {
      this.#isTimed = false;
      const now = this.#clock.monotonic();
      this.#end(({ untilMs, patienceMs }) => (untilMs <= now ? this.#stalled(patienceMs) : null));
      if (this.#waiting.size > 0) this.#time();
    });
  }

  #end(why: (waiting: Waiting) => Setback | null): void {
    for (const waiting of this.#waiting) {
      const setback = why(waiting);
      if (setback !== null && this.#waiting.delete(waiting)) waiting.reject(setback);
    }
  }

  #stalled(afterMs: number): Setback {
    return new Setback(
      'blocked',
      `the disk of ${this.#path} has not answered for ${Math.round(afterMs / 100) / 10} s: see whether it is mounted and its file server runs; it goes on by itself then`,
    );
  }
}

import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A TCP proxy that does to a connection what networks do. `up` is from the client to the server. */

export type Direction = 'up' | 'down';

export interface Faults {
  /** Each way. */
  delayMs: number;
  /** Bytes are kept back until it is lifted; the connection stays open. */
  stall: Direction | 'both' | null;
  /** Of all connections together, each way, shared fairly, as a line is. */
  bytesPerSecond: number | null;
  /** The connection is reset when so many bytes in all have gone this way. */
  cutAfter: Partial<Record<Direction, number>>;
  /** New connections are reset at once. */
  refuse: boolean;
}

export interface FaultProxy {
  readonly host: string;
  readonly port: number;
  readonly set: (faults: Partial<Faults>) => void;
  /** Bytes that passed, and connections that were made. */
  readonly counts: Readonly<Record<Direction | 'connections', number>>;
  /** How many connections have not been ended by their client. */
  readonly open: () => number;
  /** Ends all connections: with RST, or with FIN as a server that is shut down. */
  readonly reset: () => void;
  readonly finish: () => void;
  readonly close: () => Promise<void>;
}

/** As much as a packet holds, so that connections take turns on a slow line. */
const PIECE_BYTES = 1_448;
/** As much as a router keeps of one connection. */
const BUFFER_BYTES = 256 * 1024;

interface Connection {
  readonly near: Socket;
  readonly far: Socket;
}

export async function startProxy(target: { readonly host: string; readonly port: number }): Promise<FaultProxy> {
  const faults: Faults = { delayMs: 0, stall: null, bytesPerSecond: null, cutAfter: {}, refuse: false };
  const counts = { up: 0, down: 0, connections: 0 };
  const connections = new Set<Connection>();
  const clients = new Set<Socket>();
  const lines: Record<Direction, Line> = { up: new Line(), down: new Line() };
  let changed: (() => void)[] = [];

  const stalled = (direction: Direction): boolean => faults.stall === 'both' || faults.stall === direction;
  const change = (): Promise<void> => new Promise((resolve) => changed.push(resolve));

  const forward = async (direction: Direction, bytes: Buffer, connection: Connection): Promise<void> => {
    const to = direction === 'up' ? connection.far : connection.near;
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
      const piece = bytes.subarray(at, at + PIECE_BYTES);
      while (stalled(direction)) await change();
      await lines[direction].pass(piece.length, faults.bytesPerSecond);
      const limit = faults.cutAfter[direction];
      const passed = limit === undefined ? piece.length : Math.min(piece.length, limit - counts[direction]);
      if (to.destroyed) return;
      counts[direction] += Math.max(0, passed);
      if (passed > 0 && !to.write(piece.subarray(0, passed))) await drained(to);
      if (limit !== undefined && counts[direction] >= limit) return reset(connection);
    }
  };

  const pipe = (direction: Direction, connection: Connection): void => {
    const [from, to] = direction === 'up' ? [connection.near, connection.far] : [connection.far, connection.near];
    let queue = Promise.resolve();
    let queuedBytes = 0;
    const arrive = async (bytes: Buffer, dueMs: number): Promise<void> => {
      const waitMs = dueMs - performance.now();
      if (waitMs > 0) await sleep(waitMs);
      await forward(direction, bytes, connection);
      queuedBytes -= bytes.length;
      from.resume();
    };
    from.on('data', (bytes: Buffer) => {
      const dueMs = performance.now() + faults.delayMs;
      queuedBytes += bytes.length;
      if (queuedBytes > BUFFER_BYTES) from.pause();
      queue = queue.then(() => arrive(bytes, dueMs));
    });
    from.on('end', () => void queue.then(() => to.end()));
    from.on('error', () => {
      to.destroy();
    });
    from.on('close', () => {
      connections.delete(connection);
      void queue.then(() => to.destroy());
    });
  };

  const server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
    counts.connections++;
    if (faults.refuse) {
      near.resetAndDestroy();
      return;
    }
    const far = connect({ ...target, allowHalfOpen: true, noDelay: true });
    const connection = { near, far };
    connections.add(connection);
    clients.add(near);
    near.on('end', () => clients.delete(near));
    near.on('close', () => clients.delete(near));
    pipe('up', connection);
    pipe('down', connection);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  const wake = (): void => {
    const waiting = changed;
    changed = [];
    for (const resolve of waiting) resolve();
  };
  return {
    host: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    set(next) {
      Object.assign(faults, next);
      wake();
    },
    counts,
    open: () => clients.size,
    reset: () => connections.forEach(reset),
    finish: () =>
      connections.forEach(({ near, far }) => {
        near.end();
        far.end();
      }),
    close: () =>
      new Promise((resolve) => {
        faults.stall = null;
        wake();
        connections.forEach(reset);
        server.close(() => resolve());
      }),
  };
}

function reset({ near, far }: Connection): void {
  near.resetAndDestroy();
  far.resetAndDestroy();
}

function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.once('drain', resolve);
    socket.once('close', resolve);
  });
}

/** One direction of a line: one piece at a time, first come, first served. */
class Line {
  #last: Promise<void> = Promise.resolve();
  #freeAtMs = 0;

  pass(sizeBytes: number, bytesPerSecond: number | null): Promise<void> {
    this.#last = this.#last.then(() => this.#take(sizeBytes, bytesPerSecond));
    return this.#last;
  }

  async #take(sizeBytes: number, bytesPerSecond: number | null): Promise<void> {
    if (bytesPerSecond === null) return;
    // from the planned time on, not from when a timer fired: else every piece is a little late
    this.#freeAtMs = Math.max(this.#freeAtMs, performance.now() - 5) + (sizeBytes * 1000) / bytesPerSecond;
    const waitMs = this.#freeAtMs - performance.now();
    if (waitMs > 0) await sleep(waitMs);
  }
}

import type { Order, OrderKind } from '../domain/order.ts';
import { readOrder } from '../store/queries.ts';
import type { OrderRow } from '../store/queries.ts';
import { recordOrder } from '../store/orders.ts';
import { orderProgress } from '../views/order-progress.ts';
import { orderShape } from '../views/shapes.ts';
import { EXIT } from './exit-code.ts';
import type { ExitCode } from './exit-code.ts';
import type { Io } from './io.ts';
import { styled } from './screen.ts';
import type { Session } from './session.ts';

/** How long a person waits for the daemon's answer; the order itself waits as long as it has to. */
const PATIENCE_MS = 5_000;
/** Of these the answer comes when a host has done it. */
const SLOW_KINDS: ReadonlySet<OrderKind> = new Set(['kill_orphan', 'takeover']);
const SLOW_PATIENCE_MS = 65_000;
const POLL_MS = 100;

export interface OrderRequest {
  readonly order: Order;
  /** What it is about, for a person: the name of a case, `HOST/SLOT`. */
  readonly subject: string;
}

export interface OrderOptions {
  readonly why?: string;
  readonly json?: boolean;
}

/**
 * Records orders and waits a little for what becomes of them. The CLI itself changes nothing: the daemon does, now or
 * whenever it runs again.
 */
export async function giveOrders(
  io: Io,
  session: Session,
  requests: readonly OrderRequest[],
  options: OrderOptions,
): Promise<ExitCode> {
  const why = options.why ?? 'no reason given';
  const given = requests.map(({ order, subject }) => ({
    id: recordOrder(session.store, order, io.operator, why, io.clock.now()),
    subject,
    kind: order.kind,
  }));
  const running = session.daemon().running;
  const patienceMs = requests.some(({ order }) => SLOW_KINDS.has(order.kind)) ? SLOW_PATIENCE_MS : PATIENCE_MS;
  const deadline = io.clock.monotonic() + (running ? patienceMs : 0);
  const rows: OrderRow[] = [];
  for (const { id, subject } of given) {
    const row = await handled(io, session, id, deadline);
    rows.push(row);
    if (options.json !== true) report(io, row, subject, running);
  }
  if (options.json === true) io.out.json({ orders: rows.map(orderShape), daemon: { running } });
  return rows.some((row) => row.outcome === 'refused' || row.outcome === 'cancelled') ? EXIT.failed : EXIT.ok;
}

async function handled(io: Io, session: Session, id: number, deadline: number): Promise<OrderRow> {
  for (;;) {
    const row = readOrder(session.db, id);
    if (row === null) throw new Error(`order ${id} was recorded and is not there`);
    if (row.handledAt !== null || io.clock.monotonic() >= deadline) return row;
    await io.clock.sleep(POLL_MS);
  }
}

function report(io: Io, row: OrderRow, subject: string, running: boolean): void {
  const what = `${row.kind} ${subject}`;
  switch (row.outcome) {
    case 'done':
      return io.out.line(styled('green', 'done'), `     ${what}: ${row.message ?? ''}`);
    case 'refused':
      return io.err.line(styled('red', 'refused'), `  ${what}: ${row.message ?? ''}`);
    case 'cancelled':
      return io.err.line(styled('yellow', 'cancelled'), `  ${what}: ${row.message ?? ''}`);
    case null: {
      const progress = running ? orderProgress(row) : null;
      io.out.line(
        styled('yellow', 'kept'),
        progress === null
          ? `     ${what}: order #${row.id} is recorded and waits; ${waitsFor(running)}`
          : `     ${what}: order #${row.id} is being carried out: ${progress} (mqi orders)`,
      );
    }
  }
}

function waitsFor(running: boolean): string {
  return running
    ? 'the daemon has not come to it yet (mqi orders)'
    : 'no daemon is running: it is carried out when one is started (mqi run)';
}

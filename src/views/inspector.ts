import type { Clock } from '../domain/clock.ts';
import { caseDetail } from '../store/queries.ts';
import type { ReadDb } from '../store/queries.ts';
import { followLive } from './inspector/live.ts';
import { startRelay } from './inspector/relay.ts';
import type { Relay, RelayOptions } from './inspector/relay.ts';
import { createReplay } from './inspector/replay.ts';
import { storyOf } from './inspector/story.ts';

export interface InspectorOptions {
  readonly db: ReadDb;
  readonly clock: Clock;
  /** 0: any free one. */
  readonly port: number;
  readonly inspectorUrl: string;
  readonly onReady: (relay: Pick<Relay, 'url' | 'port'>) => void;
  readonly onRefused?: (reason: string) => void;
}

/**
 * Streams cases to a viewer on this machine, as the journal has them, until `signal` aborts. Reads only.
 * `caseId` null: every live one.
 * @throws Error when the port is taken
 */
export async function inspectLive(
  options: InspectorOptions & { readonly caseId: string | null },
  signal: AbortSignal,
): Promise<void> {
  const { db, clock, caseId } = options;
  await withRelay({ ...options, mode: 'live' }, (relay) =>
    followLive({ db, clock, caseId, publish: (messages) => relay.publish(messages) }, signal),
  );
}

/**
 * Tells a case's story again from its journal, then waits until `signal` aborts, so that it can be looked at.
 * `speed`: how many times faster than it was; null: event by event, as a viewer asks for them.
 * @throws Error when the port is taken, or there is no such case
 */
export async function inspectReplay(
  options: InspectorOptions & { readonly caseId: string; readonly speed: number | null },
  signal: AbortSignal,
): Promise<void> {
  const { db, clock, caseId, speed } = options;
  const detail = caseDetail(db, caseId);
  if (detail === null) throw new Error(`there is no case ${caseId}`);
  const replay = createReplay({
    chapters: storyOf(detail),
    clock,
    speed,
    publish: (messages) => relayed?.publish(messages),
    onPosition: (position) => relayed?.tellPosition(position),
  });
  let relayed: Relay | null = null;
  await withRelay({ ...options, mode: 'replay', onCommand: (command) => replay.command(command) }, async (relay) => {
    relayed = relay;
    await replay.run(signal);
    await aborted(signal);
  });
}

async function withRelay(
  options: InspectorOptions & Pick<RelayOptions, 'mode' | 'onCommand'>,
  use: (relay: Relay) => Promise<void>,
): Promise<void> {
  // 160 bits: nobody guesses it, so wrong ones need not be counted
  const token = options.clock.randomId(32);
  const relay = await startRelay({ ...options, token, onRefused: thinned(options) });
  try {
    options.onReady(relay);
    await use(relay);
  } finally {
    await relay.close();
  }
}

/** A foreign page that knocks without end must fill no log. */
const REFUSALS_SAID_EVERY_MS = 10_000;

function thinned({ clock, onRefused }: Pick<InspectorOptions, 'clock' | 'onRefused'>): (reason: string) => void {
  let saidMs = -Infinity;
  let unsaid = 0;
  return (reason) => {
    const nowMs = clock.monotonic();
    if (nowMs - saidMs < REFUSALS_SAID_EVERY_MS) {
      unsaid += 1;
      return;
    }
    onRefused?.(unsaid === 0 ? reason : `${reason} (and ${unsaid} more before)`);
    saidMs = nowMs;
    unsaid = 0;
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

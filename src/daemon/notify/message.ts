import type { AlarmKind, Edge } from '../../domain/alarm.ts';
import type { DueDelivery, EpisodeRow } from '../../store/episodes.ts';
import { episodeNext, episodeSummary } from '../../views/episodes.ts';
import { timeOrNull, timeText } from '../../views/shapes/time.ts';

/** What a sink is told: the JSON body of a webhook, and all that a mail or a command is made of. Names no case. */
export interface Message {
  /** Grows when a field changes its meaning; new fields do not count. */
  readonly version: 1;
  /** The same for a message that is sent again: a receiver drops what it has seen. `EPISODE.EDGE` */
  readonly delivery: string;
  readonly episode: string;
  readonly edge: Edge;
  readonly kind: AlarmKind | 'test';
  readonly subject: string;
  readonly summary: string;
  readonly next: string;
  readonly openedAt: string;
  readonly endedAt: string | null;
  readonly count: number;
  readonly facts: Readonly<Record<string, unknown>>;
  /** Which installation says so. */
  readonly installation: string;
  readonly machine: string;
}

export interface Sender {
  readonly instance: string;
  readonly machine: string;
}

export function messageOf({ edge, episode }: Pick<DueDelivery, 'edge' | 'episode'>, sender: Sender): Message {
  return { ...described(episode, edge), ...placed(sender) };
}

function described(episode: EpisodeRow, edge: Edge): Omit<Message, 'installation' | 'machine'> {
  return {
    version: 1,
    delivery: `${episode.id}.${edge}`,
    episode: episode.id,
    edge,
    kind: episode.kind,
    subject: episode.subject,
    summary: episodeSummary(episode, edge),
    next: episodeNext(episode),
    openedAt: timeText(episode.openedAt),
    endedAt: timeOrNull(episode.endedAt),
    count: episode.count,
    facts: episode.facts,
  };
}

/** For `mqi notifications test`. */
export function testMessage(sink: string, sender: Sender, at: number): Message {
  const episode = `ep-test-${at}`;
  return {
    version: 1,
    delivery: `${episode}.opened`,
    episode,
    edge: 'opened',
    kind: 'test',
    subject: sink,
    summary: `a test of sink ${sink}: nothing is wrong`,
    next: 'mqi notifications list',
    openedAt: timeText(at),
    endedAt: null,
    count: 0,
    facts: {},
    ...placed(sender),
  };
}

function placed({ instance, machine }: Sender): Pick<Message, 'installation' | 'machine'> {
  return { installation: instance, machine };
}

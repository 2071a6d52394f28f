import type { AlarmKind, Edge } from '../../domain/alarm.ts';
import type { DueDelivery, IncidentRow } from '../../store/incidents.ts';
import { incidentNext, incidentSummary } from '../../views/incidents.ts';
import { timeOrNull, timeText } from '../../views/shapes/time.ts';

/** What a sink is told: the JSON body of a webhook, and all that a mail or a command is made of. Names no case. */
export interface Message {
  /** Grows when a field changes its meaning; new fields do not count. */
  readonly version: 1;
  /** The same for a message that is sent again: a receiver drops what it has seen. `INCIDENT.EDGE` */
  readonly delivery: string;
  readonly incident: string;
  /** The same: its first name, which receivers go on reading. */
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

export function messageOf({ edge, incident }: Pick<DueDelivery, 'edge' | 'incident'>, sender: Sender): Message {
  return { ...described(incident, edge), ...placed(sender) };
}

function described(incident: IncidentRow, edge: Edge): Omit<Message, 'installation' | 'machine'> {
  return {
    version: 1,
    delivery: `${incident.id}.${edge}`,
    incident: incident.id,
    episode: incident.id,
    edge,
    kind: incident.kind,
    subject: incident.subject,
    summary: incidentSummary(incident, edge),
    next: incidentNext(incident),
    openedAt: timeText(incident.openedAt),
    endedAt: timeOrNull(incident.endedAt),
    count: incident.count,
    facts: incident.facts,
  };
}

/** For `mqi notifications test`. */
export function testMessage(sink: string, sender: Sender, at: number): Message {
  const incident = `ep-test-${at}`;
  return {
    version: 1,
    delivery: `${incident}.opened`,
    incident,
    episode: incident,
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

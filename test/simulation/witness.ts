import type { End } from '../../src/domain/job.ts';

export type Hand = 'itself' | 'us' | 'operator' | 'power';

/** What really became of one attempt's job, whoever knows of it. */
export interface JobRecord {
  readonly token: string;
  /** Payloads that were started: more than one is the broken promise. */
  starts: number;
  startedAtMs: number | null;
  endedAtMs: number | null;
  end: End | null;
  endedBy: Hand | null;
  /** An operator let the held job go: it may run before we wanted it to. */
  operatorReleased: boolean;
  /** An operator killed its wrapper, or its entry in the queue. */
  operatorTouched: boolean;
  /** An operator asked for its end as an orphan, whether it is one or not. */
  killOrdered: boolean;
  /** Its queue or host lost something of it: a crash, a power cut. */
  hostLost: boolean;
  /** Its wrapper was killed: nobody was left to write how it ended. */
  wrapperKilled: boolean;
  /** It was proven gone while nobody could read how it ended: as good as lost (src/scheduler/end.ts). */
  endUnread: boolean;
  /** What the inputs were that were committed for it: the fingerprint of its folder at that time. */
  inputs: string | null;
  /** What lay in its directory when its payload started. */
  madeOf: string | null;
  /** What its payload wrote to be collected; null for nothing. */
  outputs: string | null;
  /** Milliseconds for which good looks, one after the other, saw it at work: all that its clock may show. */
  seenMs: number;
}

export interface WitnessListener {
  onStart(record: JobRecord): void;
  onEnd(record: JobRecord, by: Hand): void;
}

/** The one who sees everything: host truth, against which every claim of the daemon is held. */
export class Witness {
  readonly jobs = new Map<string, JobRecord>();
  readonly #told: WitnessListener;

  constructor(told: WitnessListener) {
    this.#told = told;
  }

  of(token: string): JobRecord {
    let record = this.jobs.get(token);
    if (record === undefined) {
      record = {
        token,
        starts: 0,
        startedAtMs: null,
        endedAtMs: null,
        end: null,
        endedBy: null,
        operatorReleased: false,
        operatorTouched: false,
        killOrdered: false,
        hostLost: false,
        wrapperKilled: false,
        endUnread: false,
        inputs: null,
        madeOf: null,
        outputs: null,
        seenMs: 0,
      };
      this.jobs.set(token, record);
    }
    return record;
  }

  started(token: string, nowMs: number): void {
    const record = this.of(token);
    record.starts += 1;
    record.startedAtMs ??= nowMs;
    this.#told.onStart(record);
  }

  ended(token: string, end: End | null, by: Hand, nowMs: number): void {
    const record = this.of(token);
    record.end = end;
    record.endedBy = by;
    record.endedAtMs = nowMs;
    this.#told.onEnd(record, by);
  }

  /** Retention took its last trace: a database that is set back to before knows no better than to begin it again. */
  removed(token: string): void {
    const record = this.of(token);
    record.hostLost = true;
    record.starts = 0;
  }

  /** An operator gave an orphan back to its case, or ends it: whatever was done to it is no surprise. */
  touched(token: string): void {
    this.of(token).operatorTouched = true;
  }

  noteHostLoss(token: string): void {
    this.of(token).hostLost = true;
  }
}

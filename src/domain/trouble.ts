/**
 * What is wrong with one thing. Its size is its subject: nobody else is held up by it. (That a host is unreachable is
 * a state of the host, with a spell of its own: store/spells.)
 */
export type TroubleSubject =
  | { readonly kind: 'daemon' }
  | { readonly kind: 'intake' }
  | { readonly kind: 'host'; readonly host: string }
  /** A notification target. */
  | { readonly kind: 'target'; readonly target: string }
  /** An attempt, or what it left in the staging directory. */
  | { readonly kind: 'attempt'; readonly host: string; readonly token: string };

/** Each kind as a person reads it. Only kinds are ever sent out: a reason may hold the name of a case. */
export const TROUBLES = {
  database: 'the database cannot be written',
  assigning: 'cases cannot be given to slots',
  orders: 'orders cannot be handled',
  history: 'old history cannot be forgotten',
  log: 'lines of the log were dropped',
  notifications: 'what should be notified cannot be recorded',
  /** Of one notification target. */
  undelivered: 'messages are not delivered',
  unwatched: 'new folders are not announced; each rescan finds them',
  standing: 'the watched folder does not answer',
  unreadable: 'the watched folder cannot be read',
  results: 'the results folder cannot be used',
  hidden: 'some folders in the watched folder cannot be read',
  crowded: 'the watched folder holds more than can be followed',
  incomplete: 'too many folders are incomplete at once; the others wait',
  strays: 'the watched folder holds more single files than can be listed',
  intake: 'the intake met an internal error',
  looking: 'what was seen of the jobs cannot be recorded',
  reconciling: 'the host cannot be compared with the database',
  recording: 'the state of the host cannot be recorded',
  gpus: 'what runs on the GPUs cannot be recorded',
  /** Of a live case: its `blocked`. */
  blocked: 'the case cannot go on',
  unproven: 'it cannot be proven that nothing of the attempt runs',
  unremoved: 'the attempt cannot be removed from the host',
  unswept: 'what was staged for the attempt cannot be removed from the host',
} as const;

export type TroubleKind = keyof typeof TROUBLES;

export const TROUBLE_KINDS = Object.keys(TROUBLES) as readonly TroubleKind[];

/** Where troubles are told: each is logged when it begins, changes its reason, and is over; and is recorded for the views. */
export interface Troubles {
  note(subject: TroubleSubject, kind: TroubleKind, error: unknown): void;
  /** Costs nothing when there was none. */
  over(subject: TroubleSubject, kind: TroubleKind): void;
}

export const DAEMON = { kind: 'daemon' } as const satisfies TroubleSubject;
export const INTAKE = { kind: 'intake' } as const satisfies TroubleSubject;

/** As it is stored: `daemon`, `intake`, `host/NAME`, `target/NAME`, `attempt/TOKEN`. */
export function subjectText(subject: TroubleSubject): string {
  switch (subject.kind) {
    case 'daemon':
    case 'intake':
      return subject.kind;
    case 'host':
      return `host/${subject.host}`;
    case 'target':
      return `target/${subject.target}`;
    case 'attempt':
      return `attempt/${subject.token}`;
  }
}

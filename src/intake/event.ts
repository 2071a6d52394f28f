/** What the intake tells the log. Names are patients' ids: for the local log alone. */
export type IntakeEvent = {
  readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error';
  /** For a person; names the next command to type where there is one. */
  readonly message: string;
} & (
  | { readonly event: 'intake.found'; readonly name: string }
  | { readonly event: 'intake.waiting'; readonly name: string; readonly reason: string }
  | {
      readonly event: 'intake.admitted';
      readonly name: string;
      readonly caseId: string;
      readonly files: number;
      readonly sizeBytes: number;
    }
  | { readonly event: 'intake.rejected'; readonly name: string; readonly reason: string }
  /** Put there again with the content that is known already. */
  | { readonly event: 'intake.recognised'; readonly name: string; readonly caseId: string | null }
  | {
      readonly event: 'intake.changed';
      readonly name: string;
      readonly caseId: string | null;
      readonly reason: string;
    }
  /** It went away before it became a case. */
  | { readonly event: 'intake.gone'; readonly name: string }
  | { readonly event: 'intake.history'; readonly folders: number }
  | { readonly event: 'intake.root_created'; readonly path: string }
  | { readonly event: 'intake.armed'; readonly path: string }
  /** A pass over the unsettled candidates is over. */
  | { readonly event: 'intake.sampled'; readonly samples: number; readonly unsettled: number }
  | { readonly event: 'intake.rescanned'; readonly folders: number }
);

export type LogIntake = (event: IntakeEvent) => void;

type Say = (fields: Readonly<Record<string, unknown>>, message: string) => void;
/** Where it tells it: the shape of the supervisor's log, and one level more. */
export type Log = { readonly [level in IntakeEvent['level']]: Say };

export function logTo(log: Log): LogIntake {
  return ({ level, message, ...fields }) => log[level](fields, message);
}

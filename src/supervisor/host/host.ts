import type { CaseRow } from '../../store/cases.ts';
import type { JobSpec, Scheduler } from '../../scheduler/scheduler.ts';
import type { CollectGlob, Transport } from '../../transport/transport.ts';

/** One host as the supervisor sees it: its two ports, and what the configuration says of it. */
export interface Host {
  readonly name: string;
  readonly transport: Transport;
  readonly scheduler: Scheduler;
  readonly root: string;
  /** Names of its slots. */
  readonly slots: readonly string[];
  /** The GPUs of its slots, by the slot's name, as nvidia-smi names them; a slot that is not compared with it has none. */
  readonly gpus: ReadonlyMap<string, readonly string[]>;
  /** How many cases may lie staged there, or travel there, without a slot. */
  readonly stageAhead: number;
  readonly observeEveryMs: number;
  readonly stallMs: number;
  readonly keep: { readonly completedMs: number; readonly failedMs: number };
  readonly collect: readonly CollectGlob[];
  /** The file of the host that job scripts append their hints to. */
  readonly eventsFile: string;
  /** What its job is: command, queue and environment of the slot that it was leased. */
  specOf(row: CaseRow): JobSpec;
}

import type { Job, QueueState } from '../domain/job.ts';
import type { Blind, Scheduler } from './scheduler.ts';

/** What one reading of the queue says, of all attempts of this installation. */
export interface QueueView {
  readonly kind: 'read';
  readonly notices: readonly string[];
  /** Every token that the queue has an entry for. */
  readonly tokens: readonly string[];
  /** `script`: whether job.sh lies in the attempt's directory (all that a queueless host knows). */
  entry(token: string, script: 'present' | 'absent'): { readonly state: QueueState; readonly job: Job | null };
}

/**
 * What is special about one queue; everything else is the same for all of them (host-scheduler.ts). The sh functions
 * may use all of the host scripts' own, and these variables: `token`, `directory`, `queue` (group or partition, may be
 * empty), `job_id` and `job_created` (what is known of the job, may be empty). They are called after the owner of the
 * root was checked, and print:
 *
 *   queue_read      `queue TEXT` lines for `read`, or ends the command by `problem queue TEXT`
 *   queue_find      sets `job_id` and `job_created` when the queue has a job of this token, else empties them
 *   queue_add       `outcome created ID CREATED` · `outcome unknown TEXT` · `outcome blocked TEXT`; after `queue_find` found none
 *   queue_release   `outcome released` · `outcome missing` · `outcome blocked TEXT`; twice is harmless
 *   queue_withdraw  takes a job out that has not started; prints nothing
 *   queue_forget    removes the record of a job that is over, or ends the command by `problem queue TEXT`
 *
 * Every command that goes by an id first checks token and creation time at that id, in the same shell.
 */
export interface Dialect {
  readonly kind: Scheduler['kind'];
  readonly functions: string;
  read(text: string): QueueView | Blind;
  /** Is the queue's terminal state a proof where a process cannot be looked up (another node, a container)? */
  readonly terminalIsProof: boolean;
}

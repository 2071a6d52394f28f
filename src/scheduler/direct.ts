import type { Dialect, QueueView } from './dialect.ts';
import { createScheduler } from './host-scheduler.ts';
import type { SchedulerOptions } from './host-session.ts';
import type { Scheduler } from './scheduler.ts';

/**
 * No queue: a job is *held* as long as job.sh lies in its directory and nobody has started it. Its id is its token.
 *
 * It is started by a shell that has the token in its environment already, so that it is visible from its first fork;
 * with the locale that the host gave us, not the one that our own commands work in.
 */
const FUNCTIONS = `queue_read() { :; }
queue_find() { job_id= job_created=; [ ! -f "$directory/job.sh" ] || job_id=$token; }
queue_add() { printf 'outcome created %s -\\n' "$token"; }
queue_release() {
  LC_ALL=$given_locale MQI_TOKEN=$token sh -c '
    [ -n "$LC_ALL" ] || unset LC_ALL
    start=nohup
    command -v setsid > /dev/null 2>&1 && start=setsid
    ( exec "$start" sh "$1" ) < /dev/null > /dev/null 2>&1 &
  ' sh "$directory/job.sh"
  printf 'outcome released\\n'
}
# what is left of a purged directory can claim nothing; without its script it does not look held either
queue_withdraw() { [ -f "$directory/manifest" ] || rm -f "$directory/job.sh"; }
queue_forget() { :; }`;

const VIEW: QueueView = {
  kind: 'read',
  notices: [],
  tokens: [],
  entry: (token, script) =>
    script === 'present'
      ? { state: { kind: 'held' }, job: { id: token, createdAt: null } }
      : { state: { kind: 'absent' }, job: null },
};

const DIRECT: Dialect = {
  kind: 'direct',
  functions: FUNCTIONS,
  read: () => VIEW,
  terminalIsProof: false,
};

export function createDirectScheduler(options: SchedulerOptions): Scheduler {
  return createScheduler(DIRECT, options);
}

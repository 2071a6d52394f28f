/** What an operator is told of unasked. docs/operations.md says of each kind what to do. */
export const ALARM_KINDS = [
  'case_failed',
  'case_completed',
  'host_unreachable',
  'queue_stopped',
  'slot_quarantined',
  'trouble',
  'disk_low',
  'job_near_limit',
] as const;
export type AlarmKind = (typeof ALARM_KINDS)[number];

/** Kinds that are a state of the world: it begins and it ends. The others happen, and are told together. */
export const LASTING_ALARMS = [
  'host_unreachable',
  'queue_stopped',
  'slot_quarantined',
  'trouble',
  'disk_low',
  'job_near_limit',
] as const;
export type LastingAlarm = (typeof LASTING_ALARMS)[number];

/** Which end of an incident a message tells of. */
export type Edge = 'opened' | 'ended';

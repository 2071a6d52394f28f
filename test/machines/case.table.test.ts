import { transition } from 'xstate';
import { describe, expect, test } from 'vitest';

import { RELEASES_AGAIN, caseMachine } from '../../machines/index.ts';
import type { CaseContext, CaseEvent, CaseEventType } from '../../machines/index.ts';
import type { Phase } from '../../src/domain/case.ts';
import * as f from './case.fixture.ts';

/** A case in this phase to which something happened before, or null when no case of this phase can be like that. */
type Given = (phase: Phase) => f.CaseSnapshot | null;
interface Variant {
  readonly event: CaseEvent;
  readonly given?: Given;
}
interface Section {
  readonly variants: Readonly<Record<string, Variant>>;
  /** `/` no such case · `.` ignored · `=` accepted, stays · a phase: entered (with the failure that is then known). */
  readonly table: string;
}

const plain: Given = (phase) => f.walk(f.ROUTES[phase]);
const before =
  (...events: readonly CaseEvent[]): Given =>
  (phase) =>
    f.walk([...events, ...f.ROUTES[phase]]);
/** Something that a case of this phase may meet without leaving it. */
const after =
  (...events: readonly CaseEvent[]): Given =>
  (phase) =>
    events.reduce<f.CaseSnapshot | null>(
      (snapshot, event) => (snapshot?.can(event) === true ? f.step(snapshot, event) : null),
      plain(phase),
    );
const by =
  (routes: Partial<Record<Phase, readonly CaseEvent[]>>): Given =>
  (phase) =>
    routes[phase] === undefined ? null : f.walk(routes[phase]);

const blind = after(f.unreachable('link'));
const blocked = after(f.blocked);
const paused = before(f.paused);
const triesUsedUp = by({ staging: [f.assigned, ...f.TRIES_USED_UP] });
const asked = [...f.ROUTES.creating, f.cancelled];
const cancelAsked = by({
  creating: asked,
  confirming: [...asked, f.unconfirmed],
  stopping: [...asked, f.created],
  collecting: [...asked, f.created, f.gone(f.LOST)],
  failed: [...asked, f.created, f.gone(f.LOST), f.collected],
});
const exited3 = by({ collecting: [...f.ROUTES.executing, f.ended(f.EXIT_3)] });
const heldAgain = f.repeat(RELEASES_AGAIN - 1, f.released, f.sees('held'));
const stashedAgain = [...f.ROUTES.queued, f.sees('held'), ...heldAgain];
const releasesUsedUp = by({
  releasing: stashedAgain,
  queued: [...stashedAgain, f.released],
  executing: [...stashedAgain, f.sees('executing')],
});
const oneLookToTheLimit = by({ executing: [...f.ROUTES.executing, f.sees('executing', f.LOOK_MS)] });
const limitLowered = after(f.limited(0));
const oneLookToTheEndOfLingering = by({ executing: [...f.ROUTES.executing, f.sees('lingering', f.LOOK_MS)] });
const claimed = [...f.ROUTES.creating, f.createdByClaim];
const knownByClaim = by({
  releasing: claimed,
  queued: [...claimed, f.released],
  executing: [...claimed, f.sees('executing')],
});
const withJob = { ...f.sees('executing', f.LOOK_MS), job: { id: '8', createdAt: 'later' } };

const TABLE = {
  'host.assigned': {
    variants: { plain: { event: f.assigned }, paused: { event: f.assigned, given: paused } },
    table: `
             | waiting | staging | staged | creating | confirming | releasing | queued | executing | stopping | collecting | completed | failed | changes
      plain  | staging | .       | .      | .        | .          | .         | .      | .         | .        | .          | .         | .      | token host
      paused | staging | .       | .      | .        | .          | .         | .      | .         | .        | .          | .         | .      | token host
    `,
  },
  'upload.verified': {
    variants: {
      plain: { event: f.verified },
      blind: { event: f.verified, given: blind },
      blocked: { event: f.verified, given: blocked },
    },
    table: `
              | waiting | staging | staged | creating | confirming | releasing | queued | executing | stopping | collecting | completed | failed | changes
      plain   | .       | staged  | .      | .        | .          | .         | .      | .         | .        | .          | .         | .      | -
      blind   | /       | staged  | /      | .        | .          | .         | .      | .         | .        | .          | /         | /      | blind
      blocked | /       | staged  | /      | .        | .          | .         | .      | .         | .        | .          | /         | /      | blocked
    `,
  },
  'upload.failed': {
    variants: {
      plain: { event: f.uploadFailed },
      blind: { event: f.uploadFailed, given: blind },
      'tries used up': { event: f.uploadFailed, given: triesUsedUp },
    },
    table: `
                    | waiting | staging               | staged | creating | confirming | releasing | queued | executing | stopping | collecting | completed | failed | changes
      plain         | .       | staging               | .      | .        | .          | .         | .      | .         | .        | .          | .         | .      | uploadTries
      blind         | /       | staging               | /      | .        | .          | .         | .      | .         | .        | .          | /         | /      | uploadTries blind
      tries used up | /       | failed(upload_failed) | /      | /        | /          | /         | /      | /         | /        | /          | /         | /      | failure
    `,
  },
  'inputs.changed': {
    variants: { plain: { event: f.inputsChanged }, blind: { event: f.inputsChanged, given: blind } },
    table: `
            | waiting | staging                | staged | creating | confirming | releasing | queued | executing | stopping | collecting | completed | failed | changes
      plain | .       | failed(inputs_changed) | .      | .        | .          | .         | .      | .         | .        | .          | .         | .      | failure
      blind | /       | failed(inputs_changed) | /      | .        | .          | .         | .      | .         | .        | .          | /         | /      | blind failure
    `,
  },
  'slot.leased': {
    variants: { plain: { event: f.leased }, paused: { event: f.leased, given: paused } },
    table: `
             | waiting | staging | staged   | creating | confirming | releasing | queued | executing | stopping | collecting | completed | failed | changes
      plain  | .       | .       | creating | .        | .          | .         | .      | .         | .        | .          | .         | .      | slot
      paused | .       | .       | creating | .        | .          | .         | .      | .         | .        | .          | .         | .      | slot
    `,
  },
  'job.created': {
    variants: {
      plain: { event: f.created },
      'by its claim alone': { event: f.createdByClaim },
      blind: { event: f.created, given: blind },
      'cancel asked': { event: f.created, given: cancelAsked },
    },
    table: `
                         | waiting | staging | staged | creating  | confirming | releasing | queued | executing | stopping | collecting | completed | failed | changes
      plain              | .       | .       | .      | releasing | releasing  | .         | .      | .         | .        | .          | .         | .      | job
      by its claim alone | .       | .       | .      | releasing | releasing  | .         | .      | .         | .        | .          | .         | .      | job
      blind              | /       | .       | /      | releasing | releasing  | .         | .      | .         | .        | .          | /         | /      | job blind
      cancel asked       | /       | /       | /      | stopping  | stopping   | /         | /      | /         | .        | .          | /         | .      | job
    `,
  },
  'job.refused': {
    variants: {
      plain: { event: f.refused },
      'with a hint': { event: { ...f.refused, hint: 'mqi cases adopt c7' } },
      blind: { event: f.refused, given: blind },
      'cancel asked': { event: f.refused, given: cancelAsked },
    },
    table: `
                   | waiting | staging | staged | creating                   | confirming                 | releasing | queued | executing | stopping | collecting | completed | failed | changes
      plain        | .       | .       | .      | failed(submission_refused) | failed(submission_refused) | .         | .      | .         | .        | .          | .         | .      | failure
      with a hint  | .       | .       | .      | failed(submission_refused) | failed(submission_refused) | .         | .      | .         | .        | .          | .         | .      | failure
      blind        | /       | .       | /      | failed(submission_refused) | failed(submission_refused) | .         | .      | .         | .        | .          | /         | /      | blind failure
      cancel asked | /       | /       | /      | failed(submission_refused) | failed(submission_refused) | /         | /      | /         | .        | .          | /         | .      | failure
    `,
  },
  'job.unconfirmed': {
    variants: {
      plain: { event: f.unconfirmed },
      blind: { event: f.unconfirmed, given: blind },
      'cancel asked': { event: f.unconfirmed, given: cancelAsked },
    },
    table: `
                   | waiting | staging | staged | creating   | confirming | releasing | queued | executing | stopping | collecting | completed | failed | changes
      plain        | .       | .       | .      | confirming | .          | .         | .      | .         | .        | .          | .         | .      | -
      blind        | /       | .       | /      | confirming | .          | .         | .      | .         | .        | .          | /         | /      | -
      cancel asked | /       | /       | /      | confirming | .          | /         | /      | /         | .        | .          | /         | .      | -
    `,
  },
  'job.absent': {
    variants: {
      plain: { event: f.absent },
      blind: { event: f.absent, given: blind },
      'cancel asked': { event: f.absent, given: cancelAsked },
    },
    table: `
                   | waiting | staging | staged | creating                  | confirming                | releasing | queued | executing | stopping | collecting | completed | failed | changes
      plain        | .       | .       | .      | failed(submission_failed) | failed(submission_failed) | .         | .      | .         | .        | .          | .         | .      | failure
      blind        | /       | .       | /      | failed(submission_failed) | failed(submission_failed) | .         | .      | .         | .        | .          | /         | /      | blind failure
      cancel asked | /       | /       | /      | failed(cancelled)         | failed(cancelled)         | /         | /      | /         | .        | .          | /         | .      | failure
    `,
  },
  'job.released': {
    variants: {
      plain: { event: f.released },
      blind: { event: f.released, given: blind },
      blocked: { event: f.released, given: blocked },
    },
    table: `
              | waiting | staging | staged | creating | confirming | releasing | queued | executing | stopping | collecting | completed | failed | changes
      plain   | .       | .       | .      | .        | .          | queued    | .      | .         | .        | .          | .         | .      | -
      blind   | /       | .       | /      | .        | .          | queued    | .      | .         | .        | .          | /         | /      | blind
      blocked | /       | .       | /      | .        | .          | queued    | .      | .         | .        | .          | /         | /      | blocked
    `,
  },
  'job.observed': {
    variants: {
      held: { event: f.sees('held') },
      'held, since': { event: f.sees('held', f.LOOK_MS) },
      'held, blind': { event: f.sees('held', f.LOOK_MS), given: blind },
      'held, blocked': { event: f.sees('held'), given: blocked },
      'held, releases used up': { event: f.sees('held', f.LOOK_MS), given: releasesUsedUp },
      queued: { event: f.sees('queued') },
      'queued, since': { event: f.sees('queued', f.LOOK_MS) },
      'queued, blind': { event: f.sees('queued', f.LOOK_MS), given: blind },
      'queued, blocked': { event: f.sees('queued'), given: blocked },
      suspended: { event: f.sees('suspended') },
      'suspended, since': { event: f.sees('suspended', f.LOOK_MS) },
      'suspended, blind': { event: f.sees('suspended', f.LOOK_MS), given: blind },
      'suspended, past a lowered limit': { event: f.sees('suspended', f.LOOK_MS), given: limitLowered },
      executing: { event: f.sees('executing') },
      'executing, since': { event: f.sees('executing', f.LOOK_MS) },
      'executing, blind': { event: f.sees('executing', f.LOOK_MS), given: blind },
      'executing, blocked': { event: f.sees('executing'), given: blocked },
      'executing, first look near the limit': { event: f.sees('executing'), given: oneLookToTheLimit },
      'executing, reaches the limit': { event: f.sees('executing', f.LOOK_MS), given: oneLookToTheLimit },
      'executing, past a lowered limit': { event: f.sees('executing'), given: limitLowered },
      'executing, with a job': { event: withJob },
      'executing, with a job, known by claim': { event: withJob, given: knownByClaim },
      lingering: { event: f.sees('lingering') },
      'lingering, since': { event: f.sees('lingering', f.LOOK_MS) },
      'lingering, blind': { event: f.sees('lingering', f.LOOK_MS), given: blind },
      'lingering, first look near the end': { event: f.sees('lingering'), given: oneLookToTheEndOfLingering },
      'lingering, too long': { event: f.sees('lingering', f.LOOK_MS), given: oneLookToTheEndOfLingering },
      'lingering, past a lowered limit': { event: f.sees('lingering', f.LOOK_MS), given: limitLowered },
      'ended, exit 0': { event: f.ended(f.EXIT_0) },
      'ended, exit 0, since': { event: f.ended(f.EXIT_0, f.LOOK_MS) },
      'ended, exit 0, blind': { event: f.ended(f.EXIT_0), given: blind },
      'ended, exit 0, past the limit': { event: f.ended(f.EXIT_0, 10 * f.LIMIT_MS), given: oneLookToTheLimit },
      'ended, exit 3': { event: f.ended(f.EXIT_3) },
      'ended, exit 3, since': { event: f.ended(f.EXIT_3, f.LOOK_MS) },
      'ended, signalled': { event: f.ended(f.SIGKILL) },
      'ended, signalled, since': { event: f.ended(f.SIGKILL, f.LOOK_MS) },
      'ended, lost': { event: f.ended(f.LOST) },
      'ended, lost, since': { event: f.ended(f.LOST, f.LOOK_MS) },
      missing: { event: f.missing(null) },
      'missing, since': { event: f.missing(null, f.LOOK_MS) },
      'missing, killed in queue': { event: f.missing({ kind: 'killed' }) },
      'missing, blind': { event: f.missing(null), given: blind },
      'missing, cancel asked': { event: f.missing(null), given: cancelAsked },
      unknown: { event: f.unknown() },
      'unknown, since': { event: f.unknown(f.LOOK_MS) },
      'unknown, blind': { event: f.unknown(), given: blind },
      'unknown, past a lowered limit': { event: f.unknown(f.LOOK_MS), given: limitLowered },
      'unknown, blocked': { event: f.unknown(), given: blocked },
      'unknown, once more': { event: f.unknown(), given: after(f.unknown()) },
      'unknown, once more and blind': { event: f.unknown(), given: after(f.unknown(), f.unreachable('link')) },
    },
    table: `
                                            | waiting | staging | staged | creating | confirming | releasing              | queued                 | executing              | stopping | collecting | completed | failed | changes
      held                                  | .       | .       | .      | .        | .          | =                      | releasing              | releasing              | .        | .          | .         | .      | releasing: -; queued executing: releasesAgain
      held, since                           | .       | .       | .      | .        | .          | =                      | releasing              | releasing              | .        | .          | .         | .      | releasing: -; queued executing: releasesAgain
      held, blind                           | /       | .       | /      | .        | .          | =                      | releasing              | releasing              | .        | .          | /         | /      | releasing: blind; queued executing: releasesAgain blind
      held, blocked                         | /       | .       | /      | .        | .          | =                      | releasing              | releasing              | .        | .          | /         | /      | releasing: -; queued executing: releasesAgain blocked
      held, releases used up                | /       | /       | /      | /        | /          | =                      | =                      | =                      | /        | /          | /         | /      | releasing: -; queued executing: blocked
      queued                                | .       | .       | .      | .        | .          | queued                 | =                      | =                      | .        | .          | .         | .      | -
      queued, since                         | .       | .       | .      | .        | .          | queued                 | =                      | =                      | .        | .          | .         | .      | -
      queued, blind                         | /       | .       | /      | .        | .          | queued                 | =                      | =                      | .        | .          | /         | /      | blind
      queued, blocked                       | /       | .       | /      | .        | .          | queued                 | =                      | =                      | .        | .          | /         | /      | blocked
      suspended                             | .       | .       | .      | .        | .          | =                      | =                      | =                      | .        | .          | .         | .      | blocked
      suspended, since                      | .       | .       | .      | .        | .          | =                      | =                      | =                      | .        | .          | .         | .      | blocked
      suspended, blind                      | /       | .       | /      | .        | .          | =                      | =                      | =                      | .        | .          | /         | /      | blind blocked
      suspended, past a lowered limit       | .       | .       | .      | .        | .          | =                      | =                      | =                      | /        | /          | /         | /      | blocked
      executing                             | .       | .       | .      | .        | .          | executing              | executing              | =                      | .        | .          | .         | .      | -
      executing, since                      | .       | .       | .      | .        | .          | executing              | executing              | =                      | .        | .          | .         | .      | releasing queued: -; executing: observedMs
      executing, blind                      | /       | .       | /      | .        | .          | executing              | executing              | =                      | .        | .          | /         | /      | blind
      executing, blocked                    | /       | .       | /      | .        | .          | executing              | executing              | =                      | .        | .          | /         | /      | blocked
      executing, first look near the limit  | /       | /       | /      | /        | /          | /                      | /                      | =                      | /        | /          | /         | /      | -
      executing, reaches the limit          | /       | /       | /      | /        | /          | /                      | /                      | stopping               | /        | /          | /         | /      | observedMs stop
      executing, past a lowered limit       | .       | .       | .      | .        | .          | executing              | executing              | stopping               | /        | /          | /         | /      | releasing queued: -; executing: stop
      executing, with a job                 | .       | .       | .      | .        | .          | executing              | executing              | =                      | .        | .          | .         | .      | releasing queued: -; executing: observedMs
      executing, with a job, known by claim | /       | /       | /      | /        | /          | executing              | executing              | =                      | /        | /          | /         | /      | releasing queued: job; executing: job observedMs
      lingering                             | .       | .       | .      | .        | .          | executing              | executing              | =                      | .        | .          | .         | .      | -
      lingering, since                      | .       | .       | .      | .        | .          | executing              | executing              | =                      | .        | .          | .         | .      | releasing queued: -; executing: lingerMs
      lingering, blind                      | /       | .       | /      | .        | .          | executing              | executing              | =                      | .        | .          | /         | /      | blind
      lingering, first look near the end    | /       | /       | /      | /        | /          | /                      | /                      | =                      | /        | /          | /         | /      | -
      lingering, too long                   | /       | /       | /      | /        | /          | /                      | /                      | stopping               | /        | /          | /         | /      | lingerMs stop
      lingering, past a lowered limit       | .       | .       | .      | .        | .          | executing              | executing              | =                      | /        | /          | /         | /      | releasing queued: -; executing: lingerMs
      ended, exit 0                         | .       | .       | .      | .        | .          | collecting             | collecting             | collecting             | .        | .          | .         | .      | -
      ended, exit 0, since                  | .       | .       | .      | .        | .          | collecting             | collecting             | collecting             | .        | .          | .         | .      | -
      ended, exit 0, blind                  | /       | .       | /      | .        | .          | collecting             | collecting             | collecting             | .        | .          | /         | /      | blind
      ended, exit 0, past the limit         | /       | /       | /      | /        | /          | /                      | /                      | collecting             | /        | /          | /         | /      | -
      ended, exit 3                         | .       | .       | .      | .        | .          | collecting(job_failed) | collecting(job_failed) | collecting(job_failed) | .        | .          | .         | .      | failure
      ended, exit 3, since                  | .       | .       | .      | .        | .          | collecting(job_failed) | collecting(job_failed) | collecting(job_failed) | .        | .          | .         | .      | failure
      ended, signalled                      | .       | .       | .      | .        | .          | collecting(job_killed) | collecting(job_killed) | collecting(job_killed) | .        | .          | .         | .      | failure
      ended, signalled, since               | .       | .       | .      | .        | .          | collecting(job_killed) | collecting(job_killed) | collecting(job_killed) | .        | .          | .         | .      | failure
      ended, lost                           | .       | .       | .      | .        | .          | collecting(job_lost)   | collecting(job_lost)   | collecting(job_lost)   | .        | .          | .         | .      | failure
      ended, lost, since                    | .       | .       | .      | .        | .          | collecting(job_lost)   | collecting(job_lost)   | collecting(job_lost)   | .        | .          | .         | .      | failure
      missing                               | .       | .       | .      | .        | .          | stopping               | stopping               | stopping               | .        | .          | .         | .      | stop
      missing, since                        | .       | .       | .      | .        | .          | stopping               | stopping               | stopping               | .        | .          | .         | .      | stop
      missing, killed in queue              | .       | .       | .      | .        | .          | stopping               | stopping               | stopping               | .        | .          | .         | .      | stop
      missing, blind                        | /       | .       | /      | .        | .          | stopping               | stopping               | stopping               | .        | .          | /         | /      | blind stop
      missing, cancel asked                 | /       | /       | /      | .        | .          | /                      | /                      | /                      | .        | .          | /         | .      | -
      unknown                               | .       | .       | .      | .        | .          | =                      | =                      | =                      | .        | .          | .         | .      | blocked
      unknown, since                        | .       | .       | .      | .        | .          | =                      | =                      | =                      | .        | .          | .         | .      | blocked
      unknown, blind                        | /       | .       | /      | .        | .          | =                      | =                      | =                      | .        | .          | /         | /      | blind blocked
      unknown, past a lowered limit         | .       | .       | .      | .        | .          | =                      | =                      | =                      | /        | /          | /         | /      | blocked
      unknown, blocked                      | /       | .       | /      | .        | .          | .                      | =                      | =                      | .        | .          | /         | /      | blocked
      unknown, once more                    | /       | /       | /      | /        | /          | .                      | .                      | .                      | /        | /          | /         | /      | -
      unknown, once more and blind          | /       | /       | /      | /        | /          | =                      | =                      | =                      | /        | /          | /         | /      | blind
    `,
  },
  'job.gone': {
    variants: {
      'exit 0': { event: f.gone(f.EXIT_0) },
      'exit 3': { event: f.gone(f.EXIT_3) },
      signalled: { event: f.gone(f.SIGKILL) },
      lost: { event: f.gone(f.LOST) },
      'lost, killed in queue': { event: f.gone(f.LOST, { kind: 'killed' }) },
      'never claimed': { event: f.gone(null) },
      'exit 0, blind': { event: f.gone(f.EXIT_0), given: blind },
      'exit 0, cancel asked': { event: f.gone(f.EXIT_0), given: cancelAsked },
      'exit 3, cancel asked': { event: f.gone(f.EXIT_3), given: cancelAsked },
      'signalled, cancel asked': { event: f.gone(f.SIGKILL), given: cancelAsked },
      'lost, cancel asked': { event: f.gone(f.LOST), given: cancelAsked },
      'never claimed, cancel asked': { event: f.gone(null), given: cancelAsked },
    },
    table: `
                                  | waiting | staging | staged | creating | confirming | releasing | queued | executing | stopping                    | collecting | completed | failed | changes
      exit 0                      | .       | .       | .      | .        | .          | .         | .      | .         | collecting                  | .          | .         | .      | -
      exit 3                      | .       | .       | .      | .        | .          | .         | .      | .         | collecting(job_failed)      | .          | .         | .      | failure
      signalled                   | .       | .       | .      | .        | .          | .         | .      | .         | collecting(job_killed)      | .          | .         | .      | failure
      lost                        | .       | .       | .      | .        | .          | .         | .      | .         | collecting(job_lost)        | .          | .         | .      | failure
      lost, killed in queue       | .       | .       | .      | .        | .          | .         | .      | .         | collecting(job_killed)      | .          | .         | .      | failure
      never claimed               | .       | .       | .      | .        | .          | .         | .      | .         | collecting(job_not_started) | .          | .         | .      | failure
      exit 0, blind               | /       | .       | /      | .        | .          | .         | .      | .         | collecting                  | .          | /         | /      | blind
      exit 0, cancel asked        | /       | /       | /      | .        | .          | /         | /      | /         | collecting                  | .          | /         | .      | -
      exit 3, cancel asked        | /       | /       | /      | .        | .          | /         | /      | /         | collecting(cancelled)       | .          | /         | .      | failure
      signalled, cancel asked     | /       | /       | /      | .        | .          | /         | /      | /         | collecting(cancelled)       | .          | /         | .      | failure
      lost, cancel asked          | /       | /       | /      | .        | .          | /         | /      | /         | collecting(cancelled)       | .          | /         | .      | failure
      never claimed, cancel asked | /       | /       | /      | .        | .          | /         | /      | /         | collecting(cancelled)       | .          | /         | .      | failure
    `,
  },
  'job.adopted': {
    variants: {
      plain: { event: f.adopted },
      blind: { event: f.adopted, given: blind },
      paused: { event: f.adopted, given: paused },
      'ended, exit 0': { event: f.adoptedEnded(f.EXIT_0) },
      'ended, exit 3': { event: f.adoptedEnded(f.EXIT_3) },
    },
    table: `
                    | waiting                | staging                | staged                 | creating | confirming | releasing | queued | executing | stopping | collecting | completed | failed | changes
      plain         | queued                 | queued                 | queued                 | .        | .          | .         | .      | .         | .        | .          | .         | .      | token host slot job
      blind         | /                      | queued                 | /                      | .        | .          | .         | .      | .         | .        | .          | /         | /      | token host slot job blind
      paused        | queued                 | queued                 | queued                 | .        | .          | .         | .      | .         | .        | .          | .         | .      | token host slot job
      ended, exit 0 | collecting             | collecting             | collecting             | .        | .          | .         | .      | .         | .        | .          | .         | .      | token host slot job
      ended, exit 3 | collecting(job_failed) | collecting(job_failed) | collecting(job_failed) | .        | .          | .         | .      | .         | .        | .          | .         | .      | token host slot job failure
    `,
  },
  'results.collected': {
    variants: {
      plain: { event: f.collected },
      'globs missing': { event: f.collectedInPart },
      blind: { event: f.collected, given: blind },
      blocked: { event: f.collected, given: blocked },
      'exit 3': { event: f.collected, given: exited3 },
      'exit 3, globs missing': { event: f.collectedInPart, given: exited3 },
      'cancel asked': { event: f.collected, given: cancelAsked },
    },
    table: `
                            | waiting | staging | staged | creating | confirming | releasing | queued | executing | stopping | collecting              | completed | failed | changes
      plain                 | .       | .       | .      | .        | .          | .         | .      | .         | .        | completed               | .         | .      | -
      globs missing         | .       | .       | .      | .        | .          | .         | .      | .         | .        | failed(results_missing) | .         | .      | failure
      blind                 | /       | .       | /      | .        | .          | .         | .      | .         | .        | completed               | /         | /      | blind
      blocked               | /       | .       | /      | .        | .          | .         | .      | .         | .        | completed               | /         | /      | blocked
      exit 3                | /       | /       | /      | /        | /          | /         | /      | /         | /        | failed(job_failed)      | /         | /      | -
      exit 3, globs missing | /       | /       | /      | /        | /          | /         | /      | /         | /        | failed(job_failed)      | /         | /      | -
      cancel asked          | /       | /       | /      | .        | .          | /         | /      | /         | .        | failed(cancelled)       | /         | .      | -
    `,
  },
  'work.blocked': {
    variants: {
      plain: { event: f.blocked },
      'for the same reason': { event: f.blocked, given: blocked },
      'for another reason': { event: { ...f.blocked, reason: 'no tar on the host' }, given: blocked },
      blind: { event: f.blocked, given: blind },
    },
    table: `
                          | waiting | staging | staged | creating | confirming | releasing | queued | executing | stopping | collecting | completed | failed | changes
      plain               | .       | =       | .      | =        | =          | =         | =      | =         | =        | =          | .         | .      | blocked
      for the same reason | /       | .       | /      | .        | .          | .         | .      | .         | .        | .          | /         | /      | -
      for another reason  | /       | =       | /      | =        | =          | =         | =      | =         | =        | =          | /         | /      | blocked
      blind               | /       | =       | /      | =        | =          | =         | =      | =         | =        | =          | /         | /      | blocked
    `,
  },
  'daemon.restarted': {
    variants: {
      plain: { event: f.restarted },
      blind: { event: f.restarted, given: blind },
      blocked: { event: f.restarted, given: blocked },
      'cancel asked': { event: f.restarted, given: cancelAsked },
    },
    table: `
                   | waiting | staging | staged | creating            | confirming          | releasing | queued | executing | stopping | collecting | completed | failed | changes
      plain        | .       | .       | .      | failed(interrupted) | failed(interrupted) | .         | .      | .         | .        | .          | .         | .      | failure
      blind        | /       | .       | /      | failed(interrupted) | failed(interrupted) | .         | .      | .         | .        | .          | /         | /      | blind failure
      blocked      | /       | .       | /      | failed(interrupted) | failed(interrupted) | .         | .      | .         | .        | .          | /         | /      | blocked failure
      cancel asked | /       | /       | /      | failed(interrupted) | failed(interrupted) | /         | /      | /         | .        | .          | /         | .      | failure
    `,
  },
  'host.unreachable': {
    variants: {
      'by link': { event: f.unreachable('link') },
      'by queue': { event: f.unreachable('queue') },
      garbled: { event: f.unreachable('garbled') },
      'another host': { event: f.unreachable('link', 'gpu2') },
      'blind for the same cause': { event: f.unreachable('link', f.HOST, 9_000), given: blind },
      'blind for another cause': { event: f.unreachable('queue', f.HOST, 9_000), given: blind },
      blocked: { event: f.unreachable('link'), given: blocked },
    },
    table: `
                               | waiting | staging | staged | creating | confirming | releasing | queued | executing | stopping | collecting | completed | failed | changes
      by link                  | .       | =       | .      | =        | =          | =         | =      | =         | =        | =          | .         | .      | blind
      by queue                 | .       | =       | .      | =        | =          | =         | =      | =         | =        | =          | .         | .      | blind
      garbled                  | .       | =       | .      | =        | =          | =         | =      | =         | =        | =          | .         | .      | blind
      another host             | .       | .       | .      | .        | .          | .         | .      | .         | .        | .          | .         | .      | -
      blind for the same cause | /       | .       | /      | .        | .          | .         | .      | .         | .        | .          | /         | /      | -
      blind for another cause  | /       | =       | /      | =        | =          | =         | =      | =         | =        | =          | /         | /      | blind
      blocked                  | /       | =       | /      | =        | =          | =         | =      | =         | =        | =          | /         | /      | blind
    `,
  },
  'host.reachable': {
    variants: {
      plain: { event: f.reachable },
      blind: { event: f.reachable, given: blind },
      'blind, another host': { event: { ...f.reachable, host: 'gpu2' }, given: blind },
    },
    table: `
                          | waiting | staging | staged | creating | confirming | releasing | queued | executing | stopping | collecting | completed | failed | changes
      plain               | .       | .       | .      | .        | .          | .         | .      | .         | .        | .          | .         | .      | -
      blind               | /       | =       | /      | =        | =          | =         | =      | =         | =        | =          | /         | /      | blind
      blind, another host | /       | .       | /      | .        | .          | .         | .      | .         | .        | .          | /         | /      | -
    `,
  },
  'operator.cancelled': {
    variants: {
      plain: { event: f.cancelled },
      blind: { event: f.cancelled, given: blind },
      blocked: { event: f.cancelled, given: blocked },
      paused: { event: f.cancelled, given: paused },
      'cancel asked': { event: { ...f.cancelled, by: 'eve' }, given: cancelAsked },
    },
    table: `
                   | waiting           | staging           | staged            | creating | confirming | releasing | queued   | executing | stopping | collecting | completed | failed | changes
      plain        | failed(cancelled) | failed(cancelled) | failed(cancelled) | =        | =          | stopping  | stopping | stopping  | .        | .          | .         | .      | waiting staging staged: failure; creating confirming releasing queued executing: stop
      blind        | /                 | failed(cancelled) | /                 | =        | =          | stopping  | stopping | stopping  | .        | .          | /         | /      | staging: blind failure; creating confirming releasing queued executing: stop
      blocked      | /                 | failed(cancelled) | /                 | =        | =          | stopping  | stopping | stopping  | .        | .          | /         | /      | staging: blocked failure; creating confirming: stop; releasing queued executing: blocked stop
      paused       | failed(cancelled) | failed(cancelled) | failed(cancelled) | =        | =          | stopping  | stopping | stopping  | .        | .          | .         | .      | waiting staging staged: failure; creating confirming releasing queued executing: stop
      cancel asked | /                 | /                 | /                 | =        | =          | /         | /        | /         | .        | .          | /         | .      | stop
    `,
  },
  'operator.abandoned': {
    variants: {
      plain: { event: f.abandoned },
      blind: { event: f.abandoned, given: blind },
      blocked: { event: f.abandoned, given: blocked },
      'cancel asked': { event: f.abandoned, given: cancelAsked },
      'exit 3': { event: f.abandoned, given: exited3 },
    },
    table: `
                   | waiting           | staging           | staged            | creating          | confirming        | releasing         | queued            | executing         | stopping          | collecting         | completed | failed | changes
      plain        | failed(abandoned) | failed(abandoned) | failed(abandoned) | failed(abandoned) | failed(abandoned) | failed(abandoned) | failed(abandoned) | failed(abandoned) | failed(abandoned) | failed(abandoned)  | .         | .      | failure
      blind        | /                 | failed(abandoned) | /                 | failed(abandoned) | failed(abandoned) | failed(abandoned) | failed(abandoned) | failed(abandoned) | failed(abandoned) | failed(abandoned)  | /         | /      | blind failure
      blocked      | /                 | failed(abandoned) | /                 | failed(abandoned) | failed(abandoned) | failed(abandoned) | failed(abandoned) | failed(abandoned) | failed(abandoned) | failed(abandoned)  | /         | /      | blocked failure
      cancel asked | /                 | /                 | /                 | failed(abandoned) | failed(abandoned) | /                 | /                 | /                 | failed(abandoned) | failed(cancelled)  | /         | .      | creating confirming stopping: failure; collecting: -
      exit 3       | /                 | /                 | /                 | /                 | /                 | /                 | /                 | /                 | /                 | failed(job_failed) | /         | /      | -
    `,
  },
  'operator.paused': {
    variants: { plain: { event: f.paused }, paused: { event: f.paused, given: paused } },
    table: `
             | waiting | staging | staged | creating | confirming | releasing | queued | executing | stopping | collecting | completed | failed | changes
      plain  | =       | =       | =      | .        | .          | .         | .      | .         | .        | .          | .         | .      | paused
      paused | .       | .       | .      | .        | .          | .         | .      | .         | .        | .          | .         | .      | -
    `,
  },
  'operator.resumed': {
    variants: { plain: { event: f.resumed }, paused: { event: f.resumed, given: paused } },
    table: `
             | waiting | staging | staged | creating | confirming | releasing | queued | executing | stopping | collecting | completed | failed | changes
      plain  | .       | .       | .      | .        | .          | .         | .      | .         | .        | .          | .         | .      | -
      paused | =       | =       | =      | .        | .          | .         | .      | .         | .        | .          | .         | .      | paused
    `,
  },
  'operator.limited': {
    variants: {
      longer: { event: f.limited(2 * f.LIMIT_MS) },
      'already passed': { event: f.limited(1), given: oneLookToTheLimit },
      blind: { event: f.limited(2 * f.LIMIT_MS), given: blind },
    },
    table: `
                     | waiting | staging | staged | creating | confirming | releasing | queued | executing | stopping | collecting | completed | failed | changes
      longer         | =       | =       | =      | =        | =          | =         | =      | =         | .        | .          | .         | .      | limitMs
      already passed | /       | /       | /      | /        | /          | /         | /      | =         | /        | /          | /         | /      | limitMs
      blind          | /       | =       | /      | =        | =          | =         | =      | =         | .        | .          | /         | /      | limitMs
    `,
  },
} as const satisfies Record<CaseEventType, Section>;

const MACHINE_PHASES = Object.values(caseMachine.states).flatMap((state) => {
  const inner = Object.keys(state.states);
  return inner.length === 0 ? [state.key] : inner;
}) as readonly Phase[];

interface Row {
  readonly cells: Readonly<Record<string, string>>;
  readonly changes: string;
}

/** The rows of a table by their names; the first line names the columns. */
function parse(table: string): { readonly columns: readonly string[]; readonly rows: ReadonlyMap<string, Row> } {
  const [head, ...lines] = table
    .trim()
    .split('\n')
    .map((line) => line.split('|').map((cell) => cell.trim()));
  const columns = head?.slice(1, -1) ?? [];
  const rows = lines.map(([name, ...cells]): [string, Row] => [
    name ?? '',
    { cells: Object.fromEntries(columns.map((column, at) => [column, cells[at] ?? ''])), changes: cells.at(-1) ?? '' },
  ]);
  return { columns, rows: new Map(rows) };
}

/** What the machine does with a variant in every phase. */
function tryOut({ event, given = plain }: Variant): Row {
  const cells: Record<string, string> = {};
  const changed = new Map<string, Phase[]>();
  for (const phase of MACHINE_PHASES) {
    const snapshot = given(phase);
    if (snapshot === null) {
      cells[phase] = '/';
      continue;
    }
    expect(f.phaseOf(snapshot)).toBe(phase);
    const [next, actions] = transition(caseMachine, snapshot, event);
    if (!snapshot.can(event)) {
      expect(next).toBe(snapshot);
      expect(actions).toEqual([]);
      cells[phase] = '.';
      continue;
    }
    const follows = f.phaseOf(next);
    const entered = follows !== phase || actions.length > 0;
    const failure = next.context.failure === null ? '' : `(${next.context.failure.kind})`;
    cells[phase] = entered ? follows + failure : '=';
    const fields = (Object.keys(next.context) as (keyof CaseContext)[])
      .filter((field) => JSON.stringify(next.context[field]) !== JSON.stringify(snapshot.context[field]))
      .join(' ');
    changed.set(fields, [...(changed.get(fields) ?? []), phase]);
  }
  const changes = [...changed]
    .map(([fields, phases]) => (changed.size === 1 ? fields || '-' : `${phases.join(' ')}: ${fields || '-'}`))
    .join('; ');
  return { cells, changes: changes || '-' };
}

test('every event of the machine has its section, and every section its columns', () => {
  expect(Object.keys(TABLE).toSorted()).toEqual(caseMachine.events.toSorted());
  for (const { table, variants } of Object.values(TABLE)) {
    const { columns, rows } = parse(table);
    expect(columns).toEqual(MACHINE_PHASES);
    expect([...rows.keys()]).toEqual(Object.keys(variants));
  }
});

describe.each(Object.entries<Section>(TABLE))('%s', (type, { table, variants }) => {
  const { rows } = parse(table);
  test.each(Object.entries(variants))('%s', (name, variant) => {
    expect(variant.event.type).toBe(type);
    expect(tryOut(variant)).toEqual(rows.get(name));
  });
});

import { assertEvent, assign, setup } from 'xstate';

import type { Observation } from '../src/domain/observation.ts';
import { LINGER_MS, RELEASES_AGAIN, UPLOAD_TRIES, countedMs, initialContext } from './case.context.ts';
import type { CaseContext } from './case.context.ts';
import type { CaseEvent, CaseEventType, CaseInput } from './case.events.ts';
import * as failures from './case.failures.ts';

type EventOf<T extends CaseEventType> = Extract<CaseEvent, { readonly type: T }>;
interface Args {
  readonly context: CaseContext;
  readonly event: CaseEvent;
}

/** Wired to an event of another type it throws: that is a programmer's error. */
function only<T extends CaseEventType>(type: T, event: CaseEvent): EventOf<T> {
  assertEvent<CaseEvent, CaseEventType>(event, type);
  return event as EventOf<T>;
}

/** A change of the context by one type of event. */
const by =
  <T extends CaseEventType>(type: T, change: (context: CaseContext, event: EventOf<T>) => Partial<CaseContext>) =>
  ({ context, event }: Args): Partial<CaseContext> =>
    change(context, only(type, event));

/** A question about one type of event. */
const when =
  <T extends CaseEventType>(type: T, ask: (context: CaseContext, event: EventOf<T>) => boolean) =>
  ({ context, event }: Args): boolean =>
    ask(context, only(type, event));

const sees = (kind: Observation['kind']) => when('job.observed', (_, { observation }) => observation.kind === kind);

/** A change by a look of one kind: only behind the guard that `sees` this kind. */
function seeing<K extends Observation['kind']>(
  change: (context: CaseContext, observation: Extract<Observation, { readonly kind: K }>) => Partial<CaseContext>,
) {
  return by('job.observed', (context, { observation }) =>
    change(context, observation as Extract<Observation, { readonly kind: K }>),
  );
}

const countSeen = by('job.observed', (context, event) => ({
  observedMs: context.observedMs + countedMs(context, event.sinceMs),
}));

/** The work that a state wants done. The runner reads it from the definition and does it after the commit. */
const isWanted = (): void => {};

/** What an event means for the slot and for the proof: the commit reads it from the returned actions and writes it. */
const isSaid = (): void => {};

/**
 * One case, from a folder to its results. Pure: no I/O, no clock, no chance; time and outcomes come in as event fields.
 * Use it with `initialTransition()` and `transition()`; a state's entry action names the work that it wants.
 */
export const caseMachine = setup({
  types: { context: {} as CaseContext, events: {} as CaseEvent, input: {} as CaseInput, tags: {} as 'holdsSlot' },
  actions: {
    upload: isWanted,
    create: isWanted,
    find: isWanted,
    release: isWanted,
    stop: isWanted,
    collect: isWanted,
    /** The slot goes to the attempt whose job was found on it. That a phase holds a slot at all is told by its tag. */
    takeOverSlot: isSaid,
    /** The slot that is given up is not free: nobody has proven that nothing of the job runs. */
    quarantineSlot: isSaid,
    /** Proof that no job of the attempt can run any more: its claim is ours, its job is gone, none was ever asked for. */
    proveRevoked: isSaid,
    proveGone: isSaid,
    proveNeverCreated: isSaid,
    /** The case is given up: what its job has computed, if it has ended, can be had by an adoption. */
    leaveResults: isSaid,
    assignHost: assign(by('host.assigned', (_, { host, token }) => ({ host, token }))),
    takeSlot: assign(by('slot.leased', (_, { slot }) => ({ slot }))),
    takeJob: assign(by('job.created', (_, { job }) => ({ job }))),
    adoptJob: assign(by('job.adopted', (_, { host, token, slot, job }) => ({ host, token, slot, job }))),
    concludeAdopted: assign(
      // only behind `adoptsEnded`
      by('job.adopted', (context, { end }) => ({ failure: failures.verdictOf(context, end!) })),
    ),
    noteSeen: assign(
      by('job.observed', (context, { job, observation }) => ({
        blind: null,
        blocked: observation.kind === 'executing' ? (observation.aside ?? null) : null,
        ...(job !== undefined && context.job?.id == null ? { job } : {}),
      })),
    ),
    noteUnknown: assign(seeing<'unknown'>((_, { reason }) => ({ blind: null, blocked: reason }))),
    countSeen: assign(countSeen),
    countLingering: assign(
      by('job.observed', (context, { sinceMs }) => ({ lingerMs: context.lingerMs + countedMs(context, sinceMs) })),
    ),
    countUploadTry: assign(({ context }) => ({ uploadTries: context.uploadTries + 1 })),
    countReleaseAgain: assign(({ context }) => ({ releasesAgain: context.releasesAgain + 1 })),
    noteSuspended: assign({
      blocked: 'it is suspended: its time does not count until it goes on',
    }),
    noteStashed: assign({ blocked: 'its job is held in the queue again and again: somebody or something stashes it' }),
    markBlind: assign(
      by('host.unreachable', (context, { cause, atMs, spell }) => ({
        blind: { cause, sinceMs: context.blind?.sinceMs ?? atMs, spell },
      })),
    ),
    clearBlind: assign({ blind: null }),
    noteBlocked: assign(by('work.blocked', (_, { reason }) => ({ blocked: reason }))),
    clearBlocked: assign({ blocked: null }),
    moveOn: assign({ blind: null, blocked: null }),
    pause: assign({ paused: true }),
    resume: assign({ paused: false }),
    setLimit: assign(by('operator.limited', (_, { limitMs }) => ({ limitMs }))),
    askToCancel: assign(
      by('operator.cancelled', (_, { by: who, why }) => ({ stop: { kind: 'cancelled', by: who, why } })),
    ),
    stopAtLimit: assign({ stop: { kind: 'limit' } }),
    stopLingering: assign({ stop: { kind: 'lingering' } }),
    stopMissing: assign(seeing<'missing'>((_, { queue }) => ({ stop: { kind: 'missing', queue } }))),
    concludeEnded: assign(seeing<'ended'>((context, { end }) => ({ failure: failures.verdictOf(context, end) }))),
    concludeStopped: assign(
      by('job.gone', (context, { end, queue }) => ({ failure: failures.verdictOfStopped(context, end, queue) })),
    ),
    concludeResults: assign(
      by('results.collected', (context, { missingGlobs }) => ({
        failure: context.failure ?? failures.resultsMissing(context, missingGlobs),
      })),
    ),
    failInterrupted: assign(({ context }) => ({ failure: failures.interrupted(context) })),
    failUpload: assign(
      by('upload.failed', (context, { message }) => ({ failure: failures.uploadFailed(context, message) })),
    ),
    failInputs: assign(
      by('inputs.changed', (context, { message }) => ({ failure: failures.inputsChanged(context, message) })),
    ),
    failRefused: assign(
      by('job.refused', (context, { message, hint }) => ({
        failure: failures.submissionRefused(context, message, hint),
      })),
    ),
    failAbsent: assign(
      by('job.absent', (context, { message }) => ({
        failure:
          context.stop?.kind === 'cancelled'
            ? failures.cancelled(context, context.stop.by, context.stop.why)
            : failures.submissionFailed(context, message),
      })),
    ),
    failCancelled: assign(
      by('operator.cancelled', (context, { by: who, why }) => ({ failure: failures.cancelled(context, who, why) })),
    ),
    failAbandoned: assign(
      by('operator.abandoned', (context, { by: who, why }) => ({ failure: failures.abandoned(context, who, why) })),
    ),
    failUncollected: assign(
      by('operator.abandoned', (context, { by: who, why }) => ({
        failure: context.failure ?? failures.uncollected(context, who, why),
      })),
    ),
  },
  guards: {
    adoptsEnded: when('job.adopted', (_, { end }) => end !== null),
    triesLeft: ({ context }) => context.uploadTries + 1 < UPLOAD_TRIES,
    cancelAsked: ({ context }) => context.stop?.kind === 'cancelled',
    newlyBlind: when(
      'host.unreachable',
      (context, { host, cause, spell }) =>
        context.host === host && (context.blind?.cause !== cause || context.blind.spell !== spell),
    ),
    blindHere: when('host.reachable', (context, { host }) => context.host === host && context.blind !== null),
    newlyBlocked: when('work.blocked', (context, { reason }) => context.blocked !== reason),
    notPaused: ({ context }) => !context.paused,
    isPaused: ({ context }) => context.paused,
    seesHeld: sees('held'),
    seesHeldOnceMore: when(
      'job.observed',
      (context, { observation }) => observation.kind === 'held' && context.releasesAgain < RELEASES_AGAIN,
    ),
    seesQueued: sees('queued'),
    seesSuspended: sees('suspended'),
    seesExecuting: sees('executing'),
    seesLingering: sees('lingering'),
    seesLingeringTooLong: when(
      'job.observed',
      (context, { observation, sinceMs }) =>
        observation.kind === 'lingering' && context.lingerMs + countedMs(context, sinceMs) >= LINGER_MS,
    ),
    seesExecutingPastLimit: when(
      'job.observed',
      (context, { observation, sinceMs }) =>
        observation.kind === 'executing' && context.observedMs + countedMs(context, sinceMs) >= context.limitMs,
    ),
    seesEnded: sees('ended'),
    seesMissing: sees('missing'),
    seesUnknown: when(
      'job.observed',
      (context, { observation }) =>
        observation.kind === 'unknown' && (context.blind !== null || context.blocked !== observation.reason),
    ),
    /** The work of the phase has its own reason, and says it again when it changes. */
    seesUnknownFirst: when(
      'job.observed',
      (context, { observation }) =>
        observation.kind === 'unknown' && (context.blind !== null || context.blocked === null),
    ),
    neverRan: when('job.gone', (_, { end }) => end === null),
    isSuccess: when(
      'results.collected',
      (context, { missingGlobs }) => context.failure === null && missingGlobs.length === 0,
    ),
  },
}).createMachine({
  id: 'case',
  description: 'One case: a folder that becomes exactly one job on an HPC host, and verified results.',
  context: ({ input }: { input: CaseInput | undefined }) => initialContext(input),
  initial: 'submitted',
  states: {
    submitted: {
      description: 'Nothing of it can run anywhere, and it holds no slot.',
      initial: 'waiting',
      on: {
        'operator.cancelled': { target: 'failed', actions: ['failCancelled', 'proveNeverCreated', 'moveOn'] },
        'operator.abandoned': { target: 'failed', actions: ['failAbandoned', 'proveNeverCreated', 'moveOn'] },
        'operator.limited': { actions: 'setLimit' },
        'operator.paused': { guard: 'notPaused', actions: 'pause' },
        'operator.resumed': { guard: 'isPaused', actions: 'resume' },
        'job.adopted': [
          { guard: 'adoptsEnded', target: 'running.collecting', actions: ['adoptJob', 'concludeAdopted', 'moveOn'] },
          { target: 'running.queued', actions: ['adoptJob', 'takeOverSlot', 'moveOn'] },
        ],
      },
      states: {
        waiting: {
          description: 'Waits for its turn; the dispatcher moves it on when a host may stage one more case.',
          on: { 'host.assigned': { target: 'staging', actions: 'assignHost' } },
        },
        staging: {
          description: 'Its files travel to the host, are verified there and renamed; the upload moves it on.',
          entry: 'upload',
          on: {
            'upload.verified': { target: 'staged', actions: 'moveOn' },
            'upload.failed': [
              { guard: 'triesLeft', target: 'staging', reenter: true, actions: ['countUploadTry', 'moveOn'] },
              { target: '#case.failed', actions: ['failUpload', 'proveNeverCreated', 'moveOn'] },
            ],
            'inputs.changed': { target: '#case.failed', actions: ['failInputs', 'proveNeverCreated', 'moveOn'] },
            'host.unreachable': { guard: 'newlyBlind', actions: 'markBlind' },
            'host.reachable': { guard: 'blindHere', actions: 'clearBlind' },
            'work.blocked': { guard: 'newlyBlocked', actions: 'noteBlocked' },
          },
        },
        staged: {
          description: 'Its files lie on the host; the dispatcher moves it on when a slot is free there.',
          on: { 'slot.leased': { target: '#case.submitting', actions: 'takeSlot' } },
        },
      },
    },
    submitting: {
      description: 'The moment in which a job may come to exist. A restart here always ends the attempt.',
      tags: 'holdsSlot',
      initial: 'creating',
      on: {
        'daemon.restarted': { target: 'failed', actions: ['failInterrupted', 'moveOn'] },
        'host.unreachable': { guard: 'newlyBlind', actions: 'markBlind' },
        'host.reachable': { guard: 'blindHere', actions: 'clearBlind' },
        'work.blocked': { guard: 'newlyBlocked', actions: 'noteBlocked' },
        'operator.cancelled': { actions: 'askToCancel' },
        'operator.abandoned': {
          target: 'failed',
          actions: ['failAbandoned', 'quarantineSlot', 'leaveResults', 'moveOn'],
          description: 'A way out without proof.',
        },
        'operator.limited': { actions: 'setLimit' },
        'job.created': [
          { guard: 'cancelAsked', target: 'running.stopping', actions: ['takeJob', 'moveOn'] },
          { target: 'running', actions: ['takeJob', 'moveOn'] },
        ],
        'job.refused': { target: 'failed', actions: ['failRefused', 'proveRevoked', 'moveOn'] },
        'job.absent': { target: 'failed', actions: ['failAbsent', 'proveRevoked', 'moveOn'] },
      },
      states: {
        creating: {
          description: 'The job is created held, so that it cannot run yet; the answer of the host moves it on.',
          entry: 'create',
          on: { 'job.unconfirmed': { target: 'confirming', actions: 'clearBlocked' } },
        },
        confirming: {
          description: 'The answer was lost: the job is looked up by its token and never created again.',
          entry: 'find',
        },
      },
    },
    running: {
      description: 'The job is committed: it will be followed to its end, whatever happens.',
      initial: 'releasing',
      on: {
        'host.unreachable': { guard: 'newlyBlind', actions: 'markBlind' },
        'host.reachable': { guard: 'blindHere', actions: 'clearBlind' },
        'work.blocked': { guard: 'newlyBlocked', actions: 'noteBlocked' },
        'operator.abandoned': {
          target: 'failed',
          actions: ['failAbandoned', 'quarantineSlot', 'leaveResults', 'moveOn'],
          description: 'A way out without proof.',
        },
      },
      states: {
        releasing: {
          description: 'The held job is let go; the answer of the host, or a look that sees it, moves it on.',
          tags: 'holdsSlot',
          entry: 'release',
          on: {
            'job.released': { target: 'queued', actions: 'moveOn' },
            'job.observed': [
              { guard: 'seesQueued', target: 'queued', actions: 'noteSeen' },
              { guard: 'seesExecuting', target: 'executing', actions: 'noteSeen' },
              { guard: 'seesLingering', target: 'executing', actions: 'noteSeen' },
              { guard: 'seesEnded', target: 'collecting', actions: ['concludeEnded', 'proveGone', 'noteSeen'] },
              { guard: 'seesMissing', target: 'stopping', actions: ['stopMissing', 'noteSeen'] },
              { guard: 'seesHeld', actions: 'clearBlind' },
              { guard: 'seesSuspended', actions: ['noteSeen', 'noteSuspended'] },
              { guard: 'seesUnknownFirst', actions: 'noteUnknown' },
            ],
            'operator.cancelled': { target: 'stopping', actions: ['askToCancel', 'clearBlocked'] },
            'operator.limited': { actions: 'setLimit' },
          },
        },
        queued: {
          description: 'Waits in the remote queue, without a clock; a look moves it on.',
          tags: 'holdsSlot',
          on: {
            'job.observed': [
              { guard: 'seesExecuting', target: 'executing', actions: 'noteSeen' },
              { guard: 'seesLingering', target: 'executing', actions: 'noteSeen' },
              { guard: 'seesEnded', target: 'collecting', actions: ['concludeEnded', 'proveGone', 'noteSeen'] },
              { guard: 'seesMissing', target: 'stopping', actions: ['stopMissing', 'noteSeen'] },
              { guard: 'seesHeldOnceMore', target: 'releasing', actions: ['countReleaseAgain', 'noteSeen'] },
              { guard: 'seesHeld', actions: ['noteSeen', 'noteStashed'] },
              { guard: 'seesQueued', actions: 'noteSeen' },
              { guard: 'seesSuspended', actions: ['noteSeen', 'noteSuspended'] },
              { guard: 'seesUnknown', actions: 'noteUnknown' },
            ],
            'operator.cancelled': { target: 'stopping', actions: ['askToCancel', 'clearBlocked'] },
            'operator.limited': { actions: 'setLimit' },
          },
        },
        executing: {
          description: 'The job runs. Only here its time counts against the limit; a look, or the limit, moves it on.',
          tags: 'holdsSlot',
          on: {
            'job.observed': [
              {
                guard: 'seesExecutingPastLimit',
                target: 'stopping',
                actions: ['countSeen', 'stopAtLimit', 'noteSeen'],
              },
              { guard: 'seesExecuting', actions: ['countSeen', 'noteSeen'] },
              {
                guard: 'seesLingeringTooLong',
                target: 'stopping',
                actions: ['countLingering', 'stopLingering', 'noteSeen'],
              },
              { guard: 'seesLingering', actions: ['countLingering', 'noteSeen'] },
              { guard: 'seesEnded', target: 'collecting', actions: ['concludeEnded', 'proveGone', 'noteSeen'] },
              { guard: 'seesMissing', target: 'stopping', actions: ['stopMissing', 'noteSeen'] },
              { guard: 'seesHeldOnceMore', target: 'releasing', actions: ['countReleaseAgain', 'noteSeen'] },
              { guard: 'seesHeld', actions: ['noteSeen', 'noteStashed'] },
              { guard: 'seesQueued', actions: 'noteSeen' },
              { guard: 'seesSuspended', actions: ['noteSeen', 'noteSuspended'] },
              { guard: 'seesUnknown', actions: 'noteUnknown' },
            ],
            'operator.cancelled': { target: 'stopping', actions: ['askToCancel', 'clearBlocked'] },
            'operator.limited': { actions: 'setLimit' },
          },
        },
        stopping: {
          description: 'By order, past the limit, or missing: revoked and ended until it is proven gone.',
          tags: 'holdsSlot',
          entry: 'stop',
          on: {
            'job.gone': [
              { guard: 'neverRan', target: 'collecting', actions: ['concludeStopped', 'proveRevoked', 'moveOn'] },
              { target: 'collecting', actions: ['concludeStopped', 'proveGone', 'moveOn'] },
            ],
          },
        },
        collecting: {
          description: 'The job is over and its slot free; outputs and logs come back and are verified.',
          entry: 'collect',
          on: {
            'results.collected': [
              { guard: 'isSuccess', target: '#case.completed', actions: 'moveOn' },
              { target: '#case.failed', actions: ['concludeResults', 'moveOn'] },
            ],
            'operator.abandoned': {
              target: '#case.failed',
              actions: ['failUncollected', 'leaveResults', 'moveOn'],
              description:
                'Gives the results up: its job is proven gone, its slot free, a verdict that is there stays.',
            },
          },
        },
      },
    },
    completed: {
      type: 'final',
      description: 'The job exited 0 and its verified results lie in the results folder.',
    },
    failed: {
      type: 'final',
      description: 'Over, with a reason; nothing of it can run. An operator may retry it as a new attempt.',
    },
  },
});

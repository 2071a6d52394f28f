import { describe, expect, it } from 'vitest';

import type { CaseEvent } from '../../machines/index.ts';
import { stateOf } from '../../src/domain/case.ts';
import { beginSpell } from '../../src/store/spells.ts';
import { caseDetail } from '../../src/store/queries.ts';
import type { JournalRow } from '../../src/store/queries.ts';
import { startAttempt } from '../../src/supervisor/case/admit.ts';
import { stepBy } from '../../src/views/inspector/actor.ts';
import type { ActorMessage, InspectionMessage, SnapshotMessage } from '../../src/views/inspector/message.ts';
import { storyOf } from '../../src/views/inspector/story.ts';
import { testSite } from '../cli/site.ts';
import type { TestSite } from '../cli/site.ts';

const story = (site: TestSite, id: string): InspectionMessage[] =>
  storyOf(caseDetail(site.store.db, id)!).flatMap(({ messages }) => messages);

const snapshots = (messages: readonly InspectionMessage[]): SnapshotMessage[] =>
  messages.filter((message) => message.type === '@xstate.snapshot');

const actors = (messages: readonly InspectionMessage[]): ActorMessage[] =>
  messages.filter((message) => message.type === '@xstate.actor');

const ended = (exitCode: number): CaseEvent => ({
  type: 'job.observed',
  observation: { kind: 'ended', end: { kind: 'exited', exitCode } },
  sinceMs: 1_000,
});

describe('the story of a case', () => {
  it('begins with its machine, and tells each event with the state that it led to', () => {
    const site = testSite();
    const id = site.admit('Doe^Jane');
    site.execute(id);
    site.finish(id, 0);
    const messages = story(site, id);
    const [first, ...others] = messages;
    expect(first).toMatchObject({ type: '@xstate.actor', sessionId: `${id}/1`, name: `case ${id}, attempt 1` });
    expect(JSON.parse((first as ActorMessage).definition)).toMatchObject({ id: 'case', initial: 'submitted' });
    expect((first as ActorMessage).snapshot.value).toEqual({ submitted: 'waiting' });
    expect(others.map(({ type }) => type)).toEqual(
      others.map((_, index) => (index % 2 === 0 ? '@xstate.event' : '@xstate.snapshot')),
    );
    expect(snapshots(messages).map(({ event, snapshot }) => [event.type, snapshot.value])).toEqual([
      ['case.admitted', { submitted: 'waiting' }],
      ['host.assigned', { submitted: 'staging' }],
      ['upload.verified', { submitted: 'staged' }],
      ['slot.leased', { submitting: 'creating' }],
      ['job.created', { running: 'releasing' }],
      ['job.released', { running: 'queued' }],
      ['job.observed', { running: 'executing' }],
      ['job.observed', { running: 'collecting' }],
      ['results.collected', 'completed'],
    ]);
    expect(snapshots(messages).at(-1)?.snapshot).toMatchObject({
      status: 'done',
      context: { slot: 'gpu.1', attempt: 1 },
    });
    expect(snapshots(messages)[3]?.snapshot.tags).toEqual(['holdsSlot']);
  });

  it('has the same ids each time it is told, in order, and the time of each event', () => {
    const site = testSite();
    const id = site.admit('a');
    site.execute(id);
    const [once, again] = [story(site, id), story(site, id)];
    expect(once).toEqual(again);
    expect(new Set(once.map((message) => message.id)).size).toBe(once.length);
    const rows = caseDetail(site.store.db, id)!.journal;
    expect(snapshots(once).map(({ createdAt }) => Number(createdAt))).toEqual(rows.map(({ at }) => at));
  });

  it('makes each attempt an actor of its own', () => {
    const site = testSite();
    const id = site.admit('a');
    site.execute(id);
    site.finish(id, 3);
    site.store.write((tx) =>
      startAttempt(
        tx,
        caseDetail(tx, id)!.row,
        { found: null, limitMs: 9_000, by: 'ada', why: 'again' },
        site.clock.now(),
      ),
    );
    const messages = story(site, id);
    expect(actors(messages).map(({ sessionId, snapshot }) => [sessionId, snapshot.context['attempt']])).toEqual([
      [`${id}/1`, 1],
      [`${id}/2`, 2],
    ]);
    expect(snapshots(messages).at(-1)).toMatchObject({ sessionId: `${id}/2`, event: { type: 'operator.retried' } });
    expect(snapshots(messages).at(-2)).toMatchObject({
      sessionId: `${id}/1`,
      snapshot: { value: 'failed', status: 'done', context: { failure: { kind: 'job_failed', exitCode: 3 } } },
    });
  });

  it('reaches a limit although the looks that counted its time are in no journal', () => {
    const site = testSite();
    const id = site.admit('a');
    site.execute(id);
    const look: CaseEvent = { type: 'job.observed', observation: { kind: 'executing' }, sinceMs: 30_000 };
    for (let looks = 0; looks < 121; looks += 1) {
      if (caseDetail(site.store.db, id)!.row.phase === 'executing') site.drive(id, look);
    }
    expect(caseDetail(site.store.db, id)!.row.phase).toBe('stopping');
    expect(snapshots(story(site, id)).at(-1)?.snapshot).toMatchObject({
      value: { running: 'stopping' },
      context: { stop: { kind: 'limit' } },
    });
  });

  it('is everywhere where the journal says, also where the machine of today would not go', () => {
    const site = testSite();
    const id = site.admit('a');
    site.execute(id);
    const { journal } = caseDetail(site.store.db, id)!;
    const odd: JournalRow[] = [
      ...journal,
      { ...journal[0]!, id: 900, event: 'job.vanished', fromPhase: 'executing', toPhase: 'stopping', detail: {} },
      // an event whose fields are of another time
      { ...journal[0]!, id: 901, event: 'job.observed', fromPhase: 'stopping', toPhase: 'collecting', detail: {} },
      { ...journal[0]!, id: 902, event: 'results.collected', fromPhase: 'collecting', toPhase: 'failed', detail: {} },
    ];
    const told = storyOf({ ...caseDetail(site.store.db, id)!, journal: odd });
    for (const { row, messages } of told) {
      const state = stateOf(row.toPhase);
      const value = state === row.toPhase ? state : { [state]: row.toPhase };
      expect(snapshots(messages).at(-1)?.snapshot.value).toEqual(value);
    }
    expect(snapshots(told.at(-1)!.messages)[0]?.snapshot.status).toBe('done');
  });

  it('can begin in the middle: a database may have lost its beginning', () => {
    const site = testSite();
    const id = site.admit('a');
    site.execute(id);
    const row = caseDetail(site.store.db, id)!.journal.at(-1)!;
    const { messages } = stepBy(row, null, 1_000);
    expect(actors(messages)).toHaveLength(1);
    expect(snapshots(messages)[0]?.snapshot.value).toEqual({ running: 'executing' });
  });

  it('tells when its host was unreachable, out of the journal of the host: a job that is seen to end wins over it', () => {
    const site = testSite();
    const id = site.admit('a');
    site.execute(id);
    site.store.write((tx) => beginSpell(tx, 'local', 'link', 'no route to host', site.clock.now()));
    site.drive(id, ended(0));
    const told = snapshots(story(site, id));
    expect(told.at(-2)?.snapshot).toMatchObject({
      value: { running: 'executing' },
      context: { blind: { cause: 'link' } },
    });
    expect(told.at(-1)?.snapshot).toMatchObject({ value: { running: 'collecting' }, context: { blind: null } });
  });
});

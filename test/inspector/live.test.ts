import { describe, expect, it } from 'vitest';

import { readCase } from '../../src/store/queries.ts';
import { beginSpell, endSpell } from '../../src/store/spells.ts';
import { startAttempt } from '../../src/supervisor/case/admit.ts';
import { followLive } from '../../src/views/inspector/live.ts';
import { MOST_ACTORS, createMemory } from '../../src/views/inspector/memory.ts';
import type { InspectionMessage } from '../../src/views/inspector/message.ts';
import { testSite } from '../cli/site.ts';
import type { TestSite } from '../cli/site.ts';

/** What was heard when the story of acts is over; each act happens while the feed sleeps. */
async function heardWhile(site: TestSite, caseId: string | null, acts: readonly (() => void)[]) {
  const heard: InspectionMessage[] = [];
  const stopping = new AbortController();
  const queue = [...acts];
  site.clock.during = () => {
    const act = queue.shift();
    if (act === undefined) stopping.abort();
    else act();
  };
  await followLive(
    { db: site.store.db, clock: site.clock, caseId, publish: (messages) => heard.push(...messages) },
    stopping.signal,
  );
  return heard;
}

const lines = (heard: readonly InspectionMessage[]): string[] =>
  heard.flatMap((message) => {
    if (message.type === '@xstate.actor') return [`+ ${message.sessionId}`];
    if (message.type === '@xstate.event') return [];
    return [`${message.sessionId} ${message.event.type} ${JSON.stringify(message.snapshot.value)}`];
  });

const retry = (site: TestSite, id: string): void =>
  site.store.write((tx) => {
    startAttempt(tx, readCase(tx, id)!, { found: null, limitMs: 1_000, by: 'ada', why: 'again' }, site.clock.now());
  });

describe('a live feed', () => {
  it('tells first what happened so far to each live case, then what happens', async () => {
    const site = testSite();
    const [over, live] = [site.admit('over'), site.admit('live')];
    site.execute(over);
    site.finish(over, 0);
    const heard = await heardWhile(site, null, [
      () => site.drive(live, { type: 'host.assigned', host: 'local', token: 'mqi-test-live-1-a' }),
      () => site.admit('new'),
    ]);
    expect(lines(heard)).toEqual([
      '+ live/1',
      'live/1 case.admitted {"submitted":"waiting"}',
      'live/1 host.assigned {"submitted":"staging"}',
      '+ new/1',
      'new/1 case.admitted {"submitted":"waiting"}',
    ]);
  });

  it('of one case tells that one alone, from its beginning, and its next attempt as a new actor', async () => {
    const site = testSite();
    const [one, other] = [site.admit('one'), site.admit('other')];
    site.execute(one);
    const heard = await heardWhile(site, one, [
      () => site.drive(other, { type: 'operator.paused', by: 'ada' }),
      () => site.finish(one, 1),
      () => retry(site, one),
    ]);
    expect(lines(heard).at(0)).toBe('+ one/1');
    expect(lines(heard).slice(-4)).toEqual([
      'one/1 job.observed {"running":"collecting"}',
      'one/1 results.collected "failed"',
      '+ one/2',
      'one/2 operator.retried {"submitted":"waiting"}',
    ]);
    expect(lines(heard).join()).not.toContain('other');
    expect(new Set(heard.map(({ id, type }) => id + type)).size).toBe(heard.length);
  });

  it('tells that the host of a case was lost and is back, each time and in time with what happens to the case', async () => {
    const site = testSite();
    const [there, elsewhere] = [site.admit('there'), site.admit('elsewhere')];
    site.execute(there);
    const lose = () => site.store.write((tx) => void beginSpell(tx, 'local', 'link', 'no route', site.clock.now()));
    const find = () => site.store.write((tx) => endSpell(tx, 'local', site.clock.now()));
    const heard = await heardWhile(site, null, [lose, () => {}, find, lose, find, () => site.finish(there, 0)]);
    const own = lines(heard).filter((line) => line.includes('there/1'));
    const at = own.indexOf('there/1 host.unreachable {"running":"executing"}');
    expect(own.slice(at)).toEqual([
      'there/1 host.unreachable {"running":"executing"}',
      'there/1 host.reachable {"running":"executing"}',
      'there/1 host.unreachable {"running":"executing"}',
      'there/1 host.reachable {"running":"executing"}',
      'there/1 job.observed {"running":"collecting"}',
      'there/1 results.collected "completed"',
    ]);
    expect(lines(heard).filter((line) => line.startsWith(`${elsewhere}/1 host.`))).toEqual([]);
    expect(new Set(heard.map(({ id, type }) => id + type)).size).toBe(heard.length);
  });

  it('takes up a case that it did not follow, with all that happened to it', async () => {
    const site = testSite();
    const ids = Array.from({ length: MOST_ACTORS + 1 }, (_, index) => site.admit(`case${index}`));
    const heard = await heardWhile(site, null, [() => site.drive(ids[0]!, { type: 'operator.paused', by: 'ada' })]);
    // the oldest was one too many
    expect(lines(heard)[0]).toBe('+ case1/1');
    expect(lines(heard).slice(-3)).toEqual([
      '+ case0/1',
      'case0/1 case.admitted {"submitted":"waiting"}',
      'case0/1 operator.paused {"submitted":"waiting"}',
    ]);
  });

  it('tells many rows at once without losing one', async () => {
    const site = testSite();
    const id = site.admit('busy');
    const heard = await heardWhile(site, id, [
      () => {
        for (let turns = 0; turns < 600; turns += 1) {
          site.drive(id, { type: 'operator.paused', by: 'ada' }, { type: 'operator.resumed', by: 'ada' });
        }
      },
    ]);
    expect(lines(heard)).toHaveLength(2 + 1_200);
  });
});

describe('the memory for late viewers', () => {
  const actor = (session: string, status: 'active' | 'done' = 'active'): InspectionMessage =>
    ({ type: '@xstate.actor', sessionId: session, snapshot: { status } }) as InspectionMessage;
  const snapshot = (session: string, id: string, status: 'active' | 'done' = 'active'): InspectionMessage =>
    ({ type: '@xstate.snapshot', sessionId: session, id, snapshot: { status } }) as InspectionMessage;
  const sessions = (texts: readonly string[]): string[] =>
    texts.map((text) => (JSON.parse(text) as InspectionMessage).sessionId);

  it('is bounded: of actors, those that are over go first; of an actor, its oldest messages', () => {
    const memory = createMemory();
    for (let index = 0; index < MOST_ACTORS; index += 1) memory.note(actor(`${index}`));
    memory.note(snapshot('7', 'end', 'done'));
    memory.note(actor('one more'));
    expect(new Set(sessions(memory.recall())).size).toBe(MOST_ACTORS);
    expect(sessions(memory.recall())).not.toContain('7');
    memory.note(actor('another'));
    expect(sessions(memory.recall())).not.toContain('0');
    for (let index = 0; index < 500; index += 1) memory.note(snapshot('another', `${index}`));
    const own = memory.recall().filter((text) => text.includes('another'));
    expect(own).toHaveLength(201);
    expect(own[0]).toContain('@xstate.actor');
    expect(own.at(-1)).toContain('"499"');
  });

  it('forgets what nobody was told the beginning of', () => {
    const memory = createMemory();
    memory.note(snapshot('unknown', '1'));
    expect(memory.recall()).toEqual([]);
  });
});

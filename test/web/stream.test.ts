import { expect, test } from 'vitest';

import { lastJournalId } from '../../src/store/queries.ts';
import { testSite } from '../cli/site.ts';
import { testWeb, timersOf } from './web-site.ts';

/** The end of a poll, whatever else is due. */
const POLL_MS = 250;

interface Told {
  readonly event: string;
  readonly id: number | null;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Reads one message; null at the end of the stream. */
function messagesOf(answer: Response): () => Promise<Told | null> {
  const reader = answer.body!.getReader();
  const decoder = new TextDecoder();
  let text = '';
  return async () => {
    for (;;) {
      const end = text.indexOf('\n\n');
      if (end !== -1) {
        const lines = text.slice(0, end).split('\n');
        text = text.slice(end + 2);
        const field = (name: string): string | null =>
          lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2) ?? null;
        const id = field('id');
        return {
          event: field('event')!,
          id: id === null ? null : Number(id),
          data: JSON.parse(field('data')!) as Told['data'],
        };
      }
      const { done, value } = await reader.read();
      if (done) return null;
      text += decoder.decode(value, { stream: true });
    }
  };
}

test('an event carries the row of the journal up to which it tells, and the ids of its cases, never a name', async () => {
  const site = testSite();
  const timers = timersOf(site.clock);
  const web = testWeb(site);
  const next = messagesOf(await web.get('/events'));
  expect(await next()).toMatchObject({ event: 'hello', id: 0, data: { missed: 0 } });
  site.admit('secret-name', 'abc');
  site.drive('abc', { type: 'host.assigned', host: 'local', token: 'mqi-test-abc-1-x' });
  timers.fire(POLL_MS);
  const told = await next();
  expect(told).toEqual({
    event: 'change',
    id: lastJournalId(site.store.db),
    data: { id: 2, count: 2, cases: ['abc'] },
  });
});

test('a browser that comes back hears how much it has missed since the row that it saw last', async () => {
  const site = testSite();
  timersOf(site.clock);
  const web = testWeb(site);
  site.admit('one');
  site.admit('two');
  site.admit('three');
  const byHeader = messagesOf(await web.get('/events', { 'last-event-id': '1' }));
  expect(await byHeader()).toMatchObject({ event: 'hello', id: 3, data: { missed: 2 } });
  const byAddress = messagesOf(await web.get('/events?after=2'));
  expect(await byAddress()).toMatchObject({ event: 'hello', id: 3, data: { missed: 1 } });
  // of a database that was set back, and of what is no row at all
  for (const after of ['99', '-1', 'x', '1e400', '']) {
    const next = messagesOf(await web.get(`/events?after=${after}`));
    expect([after, await next()]).toMatchObject([after, { event: 'hello', id: 3, data: { missed: 0 } }]);
  }
});

test('what is no entry of the journal is a tick, once in two seconds at most', async () => {
  const site = testSite();
  const timers = timersOf(site.clock);
  const web = testWeb(site);
  site.admit('one', 'one');
  const next = messagesOf(await web.get('/events'));
  expect((await next())?.event).toBe('hello');
  const told: string[] = [];
  for (let polls = 0; polls < 40; polls += 1) {
    // as the daemon does while bytes travel
    site.store.write((tx) => tx.run('update cases set observed_ms = observed_ms + 1'));
    timers.fire(POLL_MS);
  }
  for (let read = 0; read < 6; read += 1) told.push((await next())?.event ?? 'end');
  expect(told.filter((event) => event === 'tick').length).toBe(5);
  expect(told.filter((event) => event === 'beat').length).toBe(1);
});

test('a browser that does not read is dropped, and the others are not', async () => {
  const site = testSite();
  const timers = timersOf(site.clock);
  const web = testWeb(site);
  site.admit('one', 'one');
  const slow = await web.get('/events');
  const fast = messagesOf(await web.get('/events'));
  expect((await fast())?.event).toBe('hello');
  for (let change = 0; change < 80; change += 1) {
    site.store.write((tx) =>
      tx.run(
        `insert into journal (case_id, attempt, at, event, to_phase, detail) values ('one', 1, 1, 'x', 'waiting', '{}')`,
      ),
    );
    timers.fire(POLL_MS);
    let told = await fast();
    while (told?.event === 'beat') told = await fast();
    expect(told?.event).toBe('change');
  }
  const left = messagesOf(slow);
  let count = 0;
  while ((await left()) !== null) count += 1;
  expect(count).toBe(64);
});

test('there are so many streams at most; one that is closed makes room', async () => {
  const site = testSite();
  timersOf(site.clock);
  const web = testWeb(site);
  const open: Response[] = [];
  for (;;) {
    const answer = await web.get('/events');
    if (answer.status !== 200) {
      expect(answer.status).toBe(503);
      break;
    }
    open.push(answer);
    expect(open.length).toBeLessThanOrEqual(500);
  }
  expect(open.length).toBe(500);
  await open[7]!.body!.cancel();
  expect((await web.get('/events')).status).toBe(200);
});

test('a page asks for the parts that changed, and gets no others', async () => {
  const site = testSite();
  timersOf(site.clock);
  const web = testWeb(site);
  site.admit('one', 'one');
  const page = await (await web.get('/')).text();
  const marks = [...page.matchAll(/<section id="([^"]+)"[^>]* data-mark="([^"]+)"/g)].map(
    ([, id, mark]) => `${id}:${mark}`,
  );
  expect(marks.length).toBeGreaterThan(4);
  const ask = async (have: string) =>
    (await (await web.get('/', { 'mqi-parts': have })).json()) as { parts: { id: string; html: string | null }[] };
  const same = await ask(marks.join(' '));
  expect(same.parts.filter(({ html }) => html !== null)).toEqual([]);
  site.drive('one', { type: 'host.assigned', host: 'local', token: 'mqi-test-one-1-x' });
  const changed = await ask(marks.join(' '));
  expect(changed.parts.map(({ id, html }) => [id, html !== null])).toEqual([
    ['counts', true],
    ['attention', false],
    ['running', true],
    ['slots', false],
    ['hosts', false],
    ['latest', true],
  ]);
});

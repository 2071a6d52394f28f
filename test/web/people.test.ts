import { expect, test } from 'vitest';

import { SESSION_MS, createPeople } from '../../src/views/web/people.ts';

const ALICE = { name: 'alice', secret: 'correct-horse-battery-staple' };
const BOB = { name: 'bob', secret: 'another-secret-of-some-length' };
const people = createPeople(() => ({ kind: 'usable', tokens: [ALICE, BOB] }));
const NOW = 1_000_000;

test('a session is that of its person until it is over, and of nobody from then on', () => {
  const session = people.sessionOf({ name: 'bob' }, NOW);
  expect(people.personOf(session, NOW + SESSION_MS - 1)).toEqual({ name: 'bob' });
  expect(people.personOf(session, NOW + SESSION_MS)).toBeNull();
});

test('a session whose expiry was edited belongs to nobody', () => {
  const [name, expiry, mac] = people.sessionOf({ name: 'alice' }, NOW).split('~');
  for (const edited of [Number(expiry) + 1, Number(expiry) + SESSION_MS, Number(expiry) - 1]) {
    expect(people.personOf(`${name}~${edited}~${mac}`, NOW)).toBeNull();
  }
});

test('a session whose name was edited belongs to nobody, also where that name has a token', () => {
  const [, expiry, mac] = people.sessionOf({ name: 'alice' }, NOW).split('~');
  for (const name of ['bob', 'carol', '']) expect(people.personOf(`${name}~${expiry}~${mac}`, NOW)).toBeNull();
});

test('two people with one secret have no session of each other', () => {
  const twins = createPeople(() => ({ kind: 'usable', tokens: [ALICE, { ...ALICE, name: 'bob' }] }));
  const [, expiry, mac] = twins.sessionOf({ name: 'alice' }, NOW).split('~');
  expect(twins.personOf(`bob~${expiry}~${mac}`, NOW)).toBeNull();
});

test.each(['', '~', 'alice', 'alice~9999999', 'alice~1e99~x', 'alice~NaN~', 'alice~2000000.5~x'])(
  'what is no session belongs to nobody: %s',
  (text) => {
    expect(people.personOf(text, NOW)).toBeNull();
  },
);

test('each token lets its own person in, and a wrong one nobody', () => {
  expect([ALICE, BOB].map(({ secret }) => people.holderOf(secret)?.name)).toEqual(['alice', 'bob']);
  expect(people.holderOf(`${ALICE.secret}x`)).toBeNull();
  expect(people.holderOf('')).toBeNull();
});

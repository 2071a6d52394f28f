import { expect, test } from 'vitest';

import type { CopiedOutcome, ListOutcome, Look, Scheduler } from '../../../src/scheduler/scheduler.ts';
import { objectionToName, objectionToRoot } from '../../../src/supervisor/host/changed-root.ts';
import { FakeHost } from '../fake-host.ts';
import { NODE, factsOf } from './sweeps/bench.ts';

const [ONE, TWO] = ['mqi-lab-one-1-aa', 'mqi-lab-two-1-aa'];
const LEFT = { root: '/old', tokens: [ONE, TWO] };
const BLIND = { kind: 'blind', cause: 'link', reason: 'no route' } as const;
const parts = { instance: 'lab', caseId: 'x', attempt: 1, random: 'aa' };
const never = new AbortController().signal;

/** A host on which `there` lie, as attempts, and `staged`. */
function hostWith(there: readonly string[], staged: readonly string[] = [], change: Partial<Scheduler> = {}) {
  const { host } = new FakeHost({ observeEveryMs: 1_000, slots: ['a'], compared: false });
  const list = (): Promise<ListOutcome> =>
    Promise.resolve({ kind: 'listed', attempts: there.map((token) => ({ token, parts })), staging: staged });
  const look = (tokens: readonly string[]): Promise<Look> => {
    const facts = tokens.map((token) => factsOf(token, { directory: there.includes(token) ? 'present' : 'absent' }));
    return Promise.resolve({ kind: 'looked', node: NODE, notices: [], facts });
  };
  return { ...host, scheduler: { ...host.scheduler, list, look, ...change } };
}

test('a root that was moved with all that counts is worked in, be it staged or an attempt', async () => {
  expect(await objectionToRoot(hostWith([ONE], [TWO]), LEFT, never)).toBe(null);
});

test('one that lacks any of it is not, whatever else lies there: the message says how the old one is put back', async () => {
  const objection = await objectionToRoot(hostWith([ONE]), LEFT, never);
  expect(objection).toMatchObject({ kind: 'blind', cause: 'garbled' });
  expect(objection?.reason).toContain('/old');
  expect(objection?.reason).toContain('put "root: /old" back under hosts.fake and restart the daemon');
});

test('a copy is not, while what lies in both may still be written in the old one', async () => {
  const asked: unknown[] = [];
  const copied = (from: string, tokens: readonly string[]): Promise<CopiedOutcome> => {
    asked.push([from, tokens]);
    return Promise.resolve({ kind: 'copied', tokens: [TWO] });
  };
  const objection = await objectionToRoot(hostWith([ONE, TWO], [], { copied }), LEFT, never);
  expect(asked).toEqual([['/old', [ONE, TWO]]]);
  expect(objection?.reason).toContain('/fake is a copy of /old, and an attempt that may run lies in both');
});

test.each([
  ['list', { list: () => Promise.resolve(BLIND) }],
  ['look', { look: () => Promise.resolve(BLIND) }],
  ['comparison', { copied: () => Promise.resolve(BLIND) }],
] as const)('a %s that could not see objects as itself', async (_, change) => {
  expect(await objectionToRoot(hostWith([ONE, TWO], [], change), LEFT, never)).toBe(BLIND);
});

test('what counts on a host that left the configuration, found here, is the same machine under another name', async () => {
  const strays = [{ host: 'before', token: ONE }];
  expect(await objectionToName(hostWith([TWO]), strays, never)).toBe(null);
  expect(await objectionToName(hostWith([ONE]), [], never)).toBe(null);
  for (const host of [hostWith([ONE]), hostWith([], [ONE])]) {
    const objection = await objectionToName(host, strays, never);
    expect(objection?.reason).toContain('an attempt of before, which left the configuration, lies here');
    expect(objection?.reason).toContain('name hosts.fake before again');
  }
});

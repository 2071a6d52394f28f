import { readFileSync, readdirSync } from 'node:fs';

import ts from 'typescript';
import { describe, expect, test } from 'vitest';

import { caseMachine, initialContext, linkMachine } from '../../machines/index.ts';
import { EFFECTS, PHASES } from '../../src/domain/case.ts';

type ActionJson = string | { readonly type: string };
/** A state as the runner and Stately read it: from the exported JSON, where only names survive. */
interface StateJson {
  readonly id: string;
  readonly type: string;
  readonly description?: string;
  readonly entry: readonly ActionJson[];
  readonly exit: readonly ActionJson[];
  readonly invoke: readonly unknown[];
  readonly tags: readonly string[];
  readonly states: Readonly<Record<string, StateJson>>;
  readonly on: Readonly<Record<string, readonly TransitionJson[]>>;
  readonly transitions: readonly TransitionJson[];
}
interface TransitionJson {
  readonly eventType: string;
  readonly guard?: string;
  readonly actions: readonly ActionJson[];
  readonly target?: readonly string[];
}

const json = (machine: { readonly definition: unknown }): StateJson =>
  JSON.parse(JSON.stringify(machine.definition)) as StateJson;
const statesOf = (state: StateJson): readonly StateJson[] => [state, ...Object.values(state.states).flatMap(statesOf)];
const transitionsOf = (state: StateJson): readonly TransitionJson[] =>
  statesOf(state).flatMap(({ on }) => Object.values(on).flat());
const typesOf = (actions: readonly ActionJson[]): readonly string[] =>
  actions.map((action) => (typeof action === 'string' ? action : action.type));

/** Where a function lies in a value, as a path of keys. */
function functionsIn(value: unknown, path = ''): readonly string[] {
  if (typeof value === 'function') return [path];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => functionsIn(inner, `${path}/${key}`));
}

/** What a transition of a case says of its slot and of the proof. */
const SAID = ['takeOverSlot', 'quarantineSlot', 'leaveResults', 'proveRevoked', 'proveGone', 'proveNeverCreated'];

describe.each([
  { name: 'case', machine: caseMachine, work: EFFECTS as readonly string[], said: SAID },
  { name: 'link', machine: linkMachine, work: ['connect', 'wait'], said: [] },
])('the $name machine', ({ machine, work, said }) => {
  const root = json(machine);
  const states = statesOf(root);
  const implementations = machine.implementations as unknown as {
    readonly actions: Readonly<Record<string, unknown>>;
    readonly guards: Readonly<Record<string, unknown>>;
  };

  test('every state says in a sentence who moves the case on', () => {
    const mute = states.filter(({ description = '' }) => !/^[A-Z].{20,}\.$/.test(description));
    expect(mute.map(({ id }) => id)).toEqual([]);
  });

  test('a state wants at most one piece of work, as its entry action; each piece is wanted by one state', () => {
    expect(states.filter(({ entry, exit }) => entry.length > 1 || exit.length > 0)).toEqual([]);
    expect(states.flatMap(({ entry }) => typesOf(entry)).toSorted()).toEqual([...work].toSorted());
  });

  test('work is wanted by states alone: no transition names it', () => {
    const named = transitionsOf(root).flatMap(({ actions }) => typesOf(actions));
    expect(named.filter((type) => work.includes(type))).toEqual([]);
  });

  test.each(work)('`%s` is only a wish: the machine itself does nothing about it', (type) => {
    const wish = implementations.actions[type];
    expect(wish).toBeTypeOf('function');
    expect((wish as () => unknown)()).toBeUndefined();
  });

  test.each(said)('`%s` only says something: the machine itself does nothing about it', (type) => {
    expect((implementations.actions[type] as () => unknown)()).toBeUndefined();
    expect(transitionsOf(root).filter(({ actions }) => typesOf(actions).includes(type))).not.toEqual([]);
  });

  test('nothing happens by itself: no timer, no invoked actor, no eventless transition, no built-in action', () => {
    const text = JSON.stringify(root);
    expect(text).not.toMatch(/"xstate\./);
    expect(text).not.toMatch(/"(after|always)":/);
    expect(states.filter(({ invoke }) => invoke.length > 0)).toEqual([]);
    expect(transitionsOf(root).filter(({ eventType }) => eventType === '')).toEqual([]);
    expect(functionsIn(machine.config).filter((path) => path !== '/context')).toEqual([]);
    expect(JSON.stringify(machine.config)).not.toMatch(/"(after|always|invoke)":/);
  });

  test('every action and guard has a name with something behind it, and no name is left over', () => {
    const transitions = transitionsOf(root);
    const actions = [
      ...states.flatMap(({ entry }) => typesOf(entry)),
      ...transitions.flatMap((transition) => typesOf(transition.actions)),
    ];
    const guards = transitions.flatMap(({ guard }) => (guard === undefined ? [] : [guard]));
    expect([...new Set(actions)].toSorted()).toEqual(Object.keys(implementations.actions).toSorted());
    expect([...new Set(guards)].toSorted()).toEqual(Object.keys(implementations.guards).toSorted());
  });
});

test('the phases of the domain are the states of the case machine', () => {
  const { states } = json(caseMachine);
  expect(
    Object.fromEntries(
      Object.entries(states).map(([name, state]) => {
        const inner = Object.keys(state.states);
        return [name, inner.length === 0 ? [name] : inner];
      }),
    ),
  ).toEqual(PHASES);
});

test('final states are those without a way out, and only those', () => {
  const finals = Object.values(json(caseMachine).states).filter(({ type }) => type === 'final');
  expect(finals.map(({ id }) => id)).toEqual(['case.completed', 'case.failed']);
  expect(finals.flatMap(transitionsOf)).toEqual([]);
  expect(json(caseMachine).on).toEqual({});
});

test('every piece of work can be told that its host is unreachable, is back, or that something blocks it', () => {
  const { submitted, submitting, running } = json(caseMachine).states;
  for (const state of [submitted?.states['staging'], submitting, running]) {
    expect(Object.keys(state?.on ?? {})).toEqual(
      expect.arrayContaining(['host.unreachable', 'host.reachable', 'work.blocked']),
    );
    for (const type of ['host.unreachable', 'host.reachable', 'work.blocked']) {
      for (const transition of state?.on[type] ?? []) {
        expect(transition.guard).toBeDefined();
        expect(transition.target).toBeUndefined();
      }
    }
  }
});

test('an action that reads one kind of look stands behind the guard that sees this kind', () => {
  const behind = (action: string): readonly string[] => [
    ...new Set(
      transitionsOf(json(caseMachine))
        .filter(({ actions }) => typesOf(actions).includes(action))
        .map(({ eventType, guard }) => `${eventType} ${guard}`),
    ),
  ];
  expect(behind('stopMissing')).toEqual(['job.observed seesMissing']);
  expect(behind('concludeEnded')).toEqual(['job.observed seesEnded']);
});

test('a machine wired to the wrong event throws instead of guessing', () => {
  const { assignHost } = caseMachine.implementations.actions as unknown as Record<
    string,
    { readonly assignment: (args: unknown) => unknown }
  >;
  const args = { context: initialContext(undefined), event: { type: 'upload.verified' } };
  expect(() => assignHost?.assignment(args)).toThrow(/host\.assigned/);
});

test('the context is made without input too, as xstate does in every transition', () => {
  expect(initialContext(undefined)).toEqual({ ...initialContext({ caseId: 'x', attempt: 1, limitMs: 0 }), caseId: '' });
  const caseContext = caseMachine.config.context as unknown as (args: object) => unknown;
  expect(caseContext({})).toEqual(initialContext(undefined));
  const linkContext = linkMachine.config.context as unknown as (args: object) => unknown;
  expect(linkContext({})).toEqual({ host: '', failures: 0, retryInMs: 0, reason: null });
});

describe('the files of machines/', () => {
  const folder = new URL('../../machines/', import.meta.url);
  const files = readdirSync(folder).filter((file) => file.endsWith('.ts'));

  test('are the ones this test knows of', () => {
    expect(files).toContain('index.ts');
    expect(files.length).toBeGreaterThanOrEqual(6);
  });

  test.each(files)('%s takes values from xstate and from machines/ alone, and types from the domain', (file) => {
    const source = ts.createSourceFile(file, readFileSync(new URL(file, folder), 'utf8'), ts.ScriptTarget.Latest);
    const wrong: string[] = [];
    source.forEachChild((node) => {
      if (!ts.isImportDeclaration(node) && !ts.isExportDeclaration(node)) return;
      if (node.moduleSpecifier === undefined) return;
      const from = (node.moduleSpecifier as ts.StringLiteral).text;
      const typesOnly = ts.isImportDeclaration(node)
        ? node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword
        : node.isTypeOnly;
      const right = from === 'xstate' || from.startsWith('./') || (from.startsWith('../src/domain/') && typesOnly);
      if (!right) wrong.push(from);
    });
    expect(wrong).toEqual([]);
    const text = source.text;
    expect(text).not.toMatch(/\bimport\(|\brequire\(|Date\.now|Math\.random|performance\.|setTimeout|process\./);
  });
});

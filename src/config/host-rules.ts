import type { Layers } from './layers.ts';
import { ENVIRONMENT_NAME, ENVIRONMENT_NAME_EXPECTED, NAME, NAME_EXPECTED } from './field.ts';
import { childOf, isMap, type Path } from './outline.ts';
import { checkNext, describeValue, formatPath, type Problem } from './problem.ts';
import { slotNames } from './resolve.ts';

/**
 * What no single value can tell: names, slots and hosts that contradict each other. Reads the values as written and
 * passes over what is of a wrong kind, so that these are listed together with all other problems.
 */
export function checkHosts(layers: Layers): readonly Problem[] {
  const hosts = entries(childOf(layers.raw, 'hosts'), ['hosts']);
  return [
    ...hosts.flatMap(({ path }) => checkName(path, NAME, NAME_EXPECTED, layers)),
    ...hosts.flatMap(({ path, value }) => [
      ...checkEnvironment(value, path, layers),
      ...checkRoot(value, path, layers),
      ...checkSlots(value, path, layers),
    ]),
    ...checkSharedQueues(hosts, layers),
  ];
}

interface Entry {
  readonly path: Path;
  readonly value: unknown;
}

export function checkName(path: Path, pattern: RegExp, expected: string, layers: Layers): readonly Problem[] {
  const name = String(path.at(-1));
  if (pattern.test(name)) return [];
  return [problem(path, 'key', `the name ${describeValue(name)}`, expected, layers)];
}

function checkEnvironment(holder: unknown, path: Path, layers: Layers): readonly Problem[] {
  return entries(childOf(holder, 'env'), [...path, 'env']).flatMap((entry) =>
    checkName(entry.path, ENVIRONMENT_NAME, ENVIRONMENT_NAME_EXPECTED, layers),
  );
}

/** On another machine there is nothing that a relative path could be relative to; `/` itself is nobody's to sweep. */
function checkRoot(host: unknown, path: Path, layers: Layers): readonly Problem[] {
  const root = childOf(host, 'root');
  if (typeof root !== 'string' || root === '') return [];
  const isRemote = childOf(childOf(host, 'transport'), 'type') === 'ssh';
  if (isRemote ? /^~?\/+[^/]/.test(root) : !/^(~[^/]|~?\/*$)/.test(root)) return [];
  const expected = isRemote
    ? 'an absolute path, or one below ~/'
    : 'a folder, absolute, below ~/ or relative to the file';
  return [problem([...path, 'root'], 'value', describeValue(root), expected, layers)];
}

function checkSlots(host: unknown, hostPath: Path, layers: Layers): readonly Problem[] {
  const slots = items(childOf(host, 'slots'), [...hostPath, 'slots']);
  const isDirect = childOf(childOf(host, 'scheduler'), 'type') !== 'pueue';
  const names = new Set<string>();
  const queues = new Map<string, Path>();
  const problems: Problem[] = [];
  for (const { path, value } of slots) {
    problems.push(...checkEnvironment(value, path, layers));
    const taken = namesOf(value).find((name) => names.has(name));
    namesOf(value).forEach((name) => names.add(name));
    if (taken !== undefined) {
      problems.push(
        problem([...path, 'name'], 'value', `a second slot ${taken}`, 'each slot under its own name', layers),
      );
    }
    const queue = childOf(value, 'queue');
    if (isDirect && isKnownScheduler(host) && queue !== undefined) {
      const expected = 'no queue: the scheduler of this host is direct, which has none';
      problems.push(problem([...path, 'queue'], 'key', describeValue(queue), expected, layers));
    }
    const used = isDirect ? null : queueOf(value);
    if (used === null) continue;
    if (queues.has(used)) {
      const expected = 'one slot with a count for equal slots of one queue, or a queue for each';
      problems.push(problem(path, 'key', `a second slot with queue ${used}`, expected, layers));
    }
    queues.set(used, path);
  }
  return problems;
}

/** The same queue under two names would put two cases on one GPU. */
function checkSharedQueues(hosts: readonly Entry[], layers: Layers): readonly Problem[] {
  const seen = new Map<string, Path>();
  return hosts.flatMap(({ path, value }) => {
    const scheduler = childOf(value, 'scheduler');
    const machine = machineOf(value);
    if (childOf(scheduler, 'type') !== 'pueue' || machine === null) return [];
    return items(childOf(value, 'slots'), [...path, 'slots']).flatMap((slot) => {
      const queue = queueOf(slot.value);
      if (queue === null) return [];
      const key = JSON.stringify([machine, childOf(scheduler, 'config') ?? null, queue]);
      const other = seen.get(key);
      // twice on one host is said by checkSlots
      if (other !== undefined && other[1] !== path[1]) {
        const found = `queue ${queue}, which ${formatPath(other)} has on the same machine`;
        return [problem(slot.path, 'key', found, 'each queue at one slot', layers)];
      }
      seen.set(key, slot.path);
      return [];
    });
  });
}

/** What two hosts must have in common to be one machine for sure; aliases of ssh may hide it. Null: nobody knows. */
export function machineOf(host: unknown): readonly unknown[] | null {
  const transport = childOf(host, 'transport');
  if (transport === undefined || childOf(transport, 'type') === 'local') return ['local'];
  if (childOf(transport, 'type') !== 'ssh') return null;
  return ['ssh', childOf(transport, 'host'), childOf(transport, 'port') ?? null, childOf(transport, 'user') ?? null];
}

/** Nothing is concluded from a scheduler that is itself a problem. */
function isKnownScheduler(host: unknown): boolean {
  const scheduler = childOf(host, 'scheduler');
  return scheduler === undefined || childOf(scheduler, 'type') === 'direct';
}

function namesOf(slot: unknown): readonly string[] {
  const name = childOf(slot, 'name');
  const count = childOf(slot, 'count');
  if (typeof name !== 'string') return [];
  const isCount = typeof count === 'number' && Number.isInteger(count) && count >= 1 && count <= 1000;
  return slotNames({ name, count: isCount ? count : undefined });
}

function queueOf(slot: unknown): string | null {
  const queue = childOf(slot, 'queue') ?? childOf(slot, 'name');
  return typeof queue === 'string' ? queue : null;
}

export function entries(value: unknown, path: Path): readonly Entry[] {
  return isMap(value) ? Object.keys(value).map((name) => ({ path: [...path, name], value: value[name] })) : [];
}

function items(value: unknown, path: Path): readonly Entry[] {
  return Array.isArray(value) ? value.map((item: unknown, at) => ({ path: [...path, at], value: item })) : [];
}

export function problem(path: Path, of: 'key' | 'value', found: string, expected: string, layers: Layers): Problem {
  return {
    ...layers.place(path, of),
    key: formatPath(path),
    found,
    expected,
    suggestion: null,
    next: checkNext(layers.file),
  };
}

import { spawnSync } from 'node:child_process';
import { relative } from 'node:path';
import type { Layers } from './layers.ts';
import { childOf, type Path } from './outline.ts';
import type { Problem } from './problem.ts';
import { resolveLocal } from './resolve.ts';
import { entries, machineOf, problem } from './host-rules.ts';

interface Place {
  readonly path: Path;
  /** As a person knows it. */
  readonly folder: string;
  /** With links resolved, to compare. */
  readonly real: string;
}

/**
 * Results in the watched folder would become cases, and a case below a root would be swept: the places must lie apart.
 * Follows links as far as the folders exist.
 */
export function checkFolders(layers: Layers, directory: string): readonly Problem[] {
  const writtenAt = (path: Path): readonly Omit<Place, 'real'>[] => {
    const text = path.reduce<unknown>(childOf, layers.raw);
    // no system takes such a path, and the schema has said so
    if (typeof text !== 'string' || text === '' || text.includes('\0')) return [];
    return [{ path, folder: resolveLocal(text, directory) }];
  };
  const hosts = entries(childOf(layers.raw, 'hosts'), ['hosts']);
  const rootPaths = hosts.filter(({ value }) => machineOf(value)?.[0] === 'local').map(({ path }) => [...path, 'root']);
  const written = [['watch', 'path'], ['results'], ['database'], ...rootPaths].flatMap(writtenAt);
  const real = realPaths(written.map(({ folder }) => folder));
  const places = written.map((place, at): Place => ({ ...place, real: real[at]! }));
  const placesAt = (key: string): readonly Place[] => places.filter(({ path }) => path[0] === key);
  const [watched, results, database, roots] = ['watch', 'results', 'database', 'hosts'].map(placesAt) as [
    readonly Place[],
    readonly Place[],
    readonly Place[],
    readonly Place[],
  ];
  return [
    ...watched.flatMap((watch) =>
      [...results, ...database, ...roots].flatMap((place) => apart(place, watch, 'the watched folder', layers)),
    ),
    ...results.flatMap((folder) => [
      // a case may be called anything, so also like a root in the results folder
      ...roots
        .filter((root) => isWithin(root.real, folder.real))
        .map((root) =>
          problem(
            root.path,
            'value',
            `${root.folder} in the results folder ${folder.folder}`,
            'a folder outside of it',
            layers,
          ),
        ),
      ...database
        .filter((file) => file.real === folder.real)
        .map((file) => problem(file.path, 'value', `${file.folder}, which is the results folder`, 'a file', layers)),
    ]),
    ...roots.flatMap((root, at) =>
      roots.slice(0, at).flatMap((other) => apart(root, other, 'the root of another host,', layers)),
    ),
    ...sharedRemoteRoots(hosts, layers),
  ];
}

function apart(place: Place, other: Place, what: string, layers: Layers): readonly Problem[] {
  const relation = isWithin(place.real, other.real) ? 'in' : isWithin(other.real, place.real) ? 'which holds' : null;
  if (relation === null) return [];
  const found = `${place.folder}, ${place.real === other.real ? 'which is' : relation} ${what} ${other.folder}`;
  return [problem(place.path, 'value', found, 'a place apart from it', layers)];
}

/** One root has one owner, and every attempt below it is reconciled by the host that it belongs to. */
function sharedRemoteRoots(hosts: ReturnType<typeof entries>, layers: Layers): readonly Problem[] {
  const seen = new Map<string, string>();
  return hosts.flatMap(({ path, value }) => {
    const root = childOf(value, 'root');
    const machine = machineOf(value);
    if (typeof root !== 'string' || machine?.[0] !== 'ssh') return [];
    const key = JSON.stringify([machine, root.replace(/\/+$/, '')]);
    const other = seen.get(key);
    seen.set(key, String(path.at(-1)));
    if (other === undefined) return [];
    const found = `${root}, the root of host ${other} on the same machine`;
    return [problem([...path, 'root'], 'value', found, 'a root for each host', layers)];
  });
}

export function isWithin(inner: string, outer: string): boolean {
  const way = relative(outer, inner);
  return way === '' || (way !== '..' && !way.startsWith('../'));
}

/** A file server that has not answered by then is not waited for: its folder is compared as it is written. */
const ANSWER_MS = 2_000;

/**
 * Where folders really lie, links resolved as far as they exist, in the order given. In a process of its own: a lookup on
 * a dead file server cannot be called off, and would hold up every command. Without an answer, as they are written.
 */
function realPaths(folders: readonly string[]): readonly string[] {
  if (folders.length === 0) return [];
  const { status, stdout } = spawnSync('realpath', ['-mz', '--', ...folders], {
    encoding: 'utf8',
    timeout: ANSWER_MS,
    killSignal: 'SIGKILL',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const found = status === 0 ? stdout.split('\0').slice(0, -1) : [];
  return found.length === folders.length ? found : folders;
}

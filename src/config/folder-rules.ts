import { realpathSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
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
  const placeAt = (path: Path): readonly Place[] => {
    const text = path.reduce<unknown>(childOf, layers.raw);
    if (typeof text !== 'string' || text === '') return [];
    const folder = resolveLocal(text, directory);
    return [{ path, folder, real: realpath(folder) }];
  };
  const hosts = entries(childOf(layers.raw, 'hosts'), ['hosts']);
  const roots = hosts
    .filter(({ value }) => machineOf(value)?.[0] === 'local')
    .flatMap(({ path }) => placeAt([...path, 'root']));
  const results = placeAt(['results']);
  const database = placeAt(['database']);
  return [
    ...placeAt(['watch', 'path']).flatMap((watch) =>
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

/** One root has one owner, and every attempt below it is judged by the host that it belongs to. */
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

/** Of a folder that is not there yet: its nearest ancestor that is, and the rest as written. */
function realpath(folder: string): string {
  try {
    return realpathSync(folder);
  } catch {
    const parent = dirname(folder);
    return parent === folder ? folder : join(realpath(parent), basename(folder));
  }
}

import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A file that is shipped with the package: from the sources as well as from the compiled `dist/`. */
export function packageFile(...path: readonly string[]): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  // `dist/` holds no package.json of its own
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error('this file is in no package');
    folder = parent;
  }
  return join(folder, ...path);
}

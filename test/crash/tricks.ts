import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { onTestFinished } from 'vitest';

import { standBefore } from '../lab/gate.ts';
import type { Site } from '../lab/site.ts';

/** While this file lies in the site's folder, the host's shell dies as it creates a job: nobody knows whether it did. */
export const NO_CREATE = 'no-create';
/** While this file lies there, what arrives on the host is not what was sent. */
export const NO_TRUST = 'no-trust';

/** Programs of the host that do what a story wants of them; `env` is the environment in which they are found. */
export interface Tricks {
  readonly env: Readonly<Record<string, string>>;
  /** The site whose files they obey: it may come after its host. */
  obey(site: Site): void;
}

export function createTricks(): Tricks {
  const folder = mkdtempSync(join(tmpdir(), 'mqi-tricks-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const [bin, site] = [join(folder, 'bin'), join(folder, 'site')];
  standBefore(
    bin,
    'mv',
    `case "$* " in *'/job.sh ') [ ! -e '${site}/${NO_CREATE}' ] || { kill -9 "$PPID"; exit 1; } ;; esac`,
  );
  const env = standBefore(
    bin,
    'tar',
    `case " $* " in *' -x '*) if [ -e '${site}/${NO_TRUST}' ]; then
  PATH=/usr/bin:/bin tar "$@"; code=$?
  find . -name data -exec sh -c 'echo more >> "$1"' sh {} ';'
  exit "$code"
fi ;; esac`,
  );
  return { env, obey: ({ folder: target }) => symlinkSync(target, site) };
}

import { existsSync } from 'node:fs';

import type { Config } from '../../config/config.ts';
import { readTokenFile } from '../../daemon/web/token-file.ts';
import { daemonOf } from '../../store/lock.ts';
import { openReader } from '../../store/open.ts';
import { webOf } from '../../store/queries.ts';
import type { WebPlace } from '../../store/queries.ts';
import { plural } from '../words.ts';
import { fail, info, ok, warn } from './check.ts';
import type { Check, Finding } from './check.ts';

/** The page of the daemon: whether it is served, and who may give orders there. */
export function webChecks(config: Config): readonly Check[] {
  return [{ name: 'web page', run: () => page(config) }];
}

function page({ web, database }: Config): Finding {
  if (web.listen.kind === 'off') return info('off (web.listen)');
  const { url, trouble } = placeOf(database);
  if (trouble !== null) return fail(`it is not served: ${trouble}`, 'give web.listen another port, and mqi run again');
  const where = url ?? 'served while a daemon runs';
  if (web.tokenFile === null) return ok(`${where}, read-only (no web.token_file)`);
  const found = readTokenFile(web.tokenFile);
  return found.kind === 'usable'
    ? ok(`${where}, ${plural(found.tokens.length, 'person', 'people')} may give orders`)
    : warn(
        `${where}, but nobody may give orders: ${found.kind === 'unusable' ? found.reason : 'no token'}`,
        'mend the file: it counts at once (a credential of systemd: systemctl restart mqi)',
      );
}

/** While no daemon runs, what the last one left says nothing. */
function placeOf(database: string): WebPlace {
  if (!existsSync(database) || !daemonOf(database).running) return { url: null, trouble: null };
  const reader = openReader(database);
  try {
    return webOf(reader.db);
  } finally {
    reader.close();
  }
}

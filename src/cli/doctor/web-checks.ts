import { existsSync } from 'node:fs';

import type { Config } from '../../config/config.ts';
import { readTokenFile } from '../../daemon/web/token-file.ts';
import { daemonOf } from '../../store/lock.ts';
import { openReader } from '../../store/open.ts';
import { webOf } from '../../store/queries.ts';
import { plural } from '../words.ts';
import { fail, info, ok, warn } from './check.ts';
import type { Check, Finding } from './check.ts';

/** The page of the daemon: whether it is served, and who may give orders there. */
export function webChecks(config: Config): readonly Check[] {
  if (config.web.listen.kind === 'off') return [{ name: 'web page', run: () => info('off (web.listen)') }];
  return [
    { name: 'web page', run: () => served(config) },
    { name: 'web token', run: () => token(config) },
  ];
}

function served({ database }: Config): Finding {
  if (!existsSync(database) || !daemonOf(database).running) return ok('served while a daemon runs');
  const reader = openReader(database);
  try {
    const { url, trouble } = webOf(reader.db);
    if (trouble !== null)
      return fail(`it is not served: ${trouble}`, 'give web.listen another port, and mqi run again');
    return url === null ? warn('it is not served yet', 'mqi status') : ok(url);
  } finally {
    reader.close();
  }
}

function token({ web }: Config): Finding {
  if (web.tokenFile === null) return info('none: the page is read-only (web.token_file)');
  const found = readTokenFile(web.tokenFile);
  return found.kind === 'usable'
    ? ok(`${plural(found.tokens.length, 'person', 'people')} may give orders`)
    : warn(
        `nobody may give orders: ${found.kind === 'unusable' ? found.reason : 'no token'}`,
        'mend the file: it counts at once',
      );
}

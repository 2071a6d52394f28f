import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

import type { Config, SinkConfig } from '../../config/config.ts';
import { readSecret } from '../../daemon/notify/secret-file.ts';
import type { Clock } from '../../domain/clock.ts';
import { openReader } from '../../store/open.ts';
import { failingSinks } from '../../store/queries.ts';
import { isThere } from '../../store/store-error.ts';
import { failingSinkText } from '../../views/incidents.ts';
import { shellWord } from '../shell-word.ts';
import { info, ok, reasonOf, warn } from './check.ts';
import type { Check, Finding } from './check.ts';

/**
 * Who is told, whether that can work at all, and whether it did. Nobody is told anything: `mqi notifications test` does
 * that.
 */
export function sinkChecks(config: Config, path: string, clock: Clock): readonly Check[] {
  const { sinks } = config.notify;
  if (sinks.length === 0) return [{ name: 'notifications', run: () => info('no sinks configured (notify.sinks)') }];
  return sinks.map((sink) => ({
    name: `sink ${sink.name}`,
    run: () => {
      const finding = findingOn(sink, path);
      return finding.status === 'ok' ? (refusalOf(sink.name, config.database, clock.now()) ?? finding) : finding;
    },
  }));
}

/** What became of its last messages, when it did not take them. */
function refusalOf(sink: string, database: string, nowMs: number): Finding | null {
  if (!isThere(database)) return null;
  const reader = openReader(database);
  try {
    const failing = failingSinks(reader.db, nowMs).find((one) => one.sink === sink);
    return failing === undefined ? null : warn(failingSinkText(failing), `mqi notifications test ${shellWord(sink)}`);
  } finally {
    reader.close();
  }
}

function findingOn(sink: SinkConfig, path: string): Finding {
  switch (sink.type) {
    case 'webhook':
      return secret(sink.secretFile, 'webhook, its secret can be read');
    case 'email':
      return sink.login === null
        ? ok('email, without a login')
        : secret(sink.login.passwordFile, 'email, its password can be read');
    case 'command':
      return program(sink.command[0] ?? '', path);
  }
}

/** As the daemon reads it for each message. */
function secret(file: string, found: string): Finding {
  try {
    readSecret(file);
    return ok(found);
  } catch (error) {
    return warn(`nothing can be sent: ${reasonOf(error)}`, `the secret in ${file}, the daemon's user's own, mode 600`);
  }
}

/** As the daemon would find it, from where it is started. */
function program(name: string, path: string): Finding {
  const places = name.includes('/') ? [name] : path.split(delimiter).map((folder) => join(folder, name));
  const found = places.find(isProgram);
  if (found !== undefined) return ok(`command, ${found}`);
  return name.includes('/')
    ? warn(`nothing can be sent: ${name} is no program that can be run`, `chmod +x ${shellWord(name)}`)
    : warn(`nothing can be sent: there is no ${name} on the PATH`, 'give notify.sinks its whole path');
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

import { pino } from 'pino';
import type { Logger } from 'pino';

import type { Config } from '../config/config.ts';

const LABEL: Readonly<Record<number, string>> = {
  10: 'trace',
  20: 'debug',
  30: 'info',
  40: 'warn',
  50: 'error',
  60: 'fatal',
};

/**
 * One JSON line an event on standard output, written synchronously: nothing is lost on SIGKILL. On a terminal the same
 * lines as a person reads them.
 */
export function createLog(level: Config['log']['level']): Logger {
  const sink = pino.destination({ fd: 1, sync: true });
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime };
  if (!process.stdout.isTTY) return pino({ ...options, formatters: { level: (label) => ({ level: label }) } }, sink);
  return pino(options, { write: (line: string) => sink.write(readable(line)) });
}

/** `{"level":30,"time":…,"msg":…}` → `14:02:11 info  the message`. */
function readable(line: string): string {
  const { time, level, msg } = JSON.parse(line) as { time: string; level: number; msg: string };
  return `${new Date(time).toTimeString().slice(0, 8)} ${(LABEL[level] ?? '').padEnd(5)} ${printable(msg)}\n`;
}

/** Names of cases are bytes that a user chose: they must not drive the terminal. */
function printable(text: string): string {
  return text.replaceAll(
    /[\u0000-\u001f\u007f-\u009f]/g,
    (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}

import { fstatSync } from 'node:fs';

import { pino } from 'pino';
import type { Logger } from 'pino';

import type { Config } from '../config/config.ts';
import { createLineSink } from './line-sink.ts';

const LABEL: Readonly<Record<number, string>> = {
  10: 'trace',
  20: 'debug',
  30: 'info',
  40: 'warn',
  50: 'error',
  60: 'fatal',
};

/**
 * One JSON line an event on standard output, written synchronously: nothing is lost on SIGKILL. What a
 * pipe does not take, because nobody reads it, is dropped and counted (line-sink). On a terminal the same
 * lines as a person reads them; into the journal the same with its priorities, so that `journalctl -p warning` works.
 */
export function createLog(level: Config['log']['level']): DaemonLog {
  // looked at before anything is written: from then on a pipe that nobody reads refuses, and does not block
  const isTerminal = process.stdout.isTTY;
  const isOfJournal = isJournal(process.env['JOURNAL_STREAM']);
  const shape = isOfJournal ? journalLine : isTerminal ? readable : (line: string): string => line;
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime };
  // a shaped line is read again, and needs the level as a number
  const isShaped = isOfJournal || isTerminal;
  const formatters = isShaped ? {} : { level: (label: string) => ({ level: label }) };
  const sink = createLineSink(1, (dropped) => shape(droppedLine(dropped, isShaped ? 40 : 'warn')));
  const log = pino({ ...options, formatters }, { write: (line: string) => sink.write(shape(line)) });
  return { log, dropped: () => sink.dropped() };
}

export interface DaemonLog {
  readonly log: Logger;
  /** Lines that nobody read, since the last one that somebody did. */
  readonly dropped: () => number;
}

function droppedLine(dropped: number, level: 40 | 'warn'): string {
  const msg = `${dropped} lines of the log were dropped: nobody read them`;
  return `${JSON.stringify({ level, time: new Date().toISOString(), dropped, msg })}\n`;
}

/** systemd says which file its journal reads: a standard output that was sent elsewhere since is none. */
function isJournal(stream: string | undefined): boolean {
  if (stream === undefined || stream === '') return false;
  const { dev, ino } = fstatSync(1, { bigint: true });
  return stream === `${dev}:${ino}`;
}

/** Priorities of syslog(3), as sd-daemon(3) has them at the beginning of a line. */
const PRIORITY: Readonly<Record<number, number>> = { 10: 7, 20: 7, 30: 6, 40: 4, 50: 3, 60: 2 };

/** `<4>the message {"host":"gpu1"}`: time and process are the journal's own. */
export function journalLine(line: string): string {
  const { time: _time, level, msg, ...fields } = JSON.parse(line) as { time: string; level: number; msg: string };
  const rest = Object.keys(fields).length === 0 ? '' : ` ${JSON.stringify(fields)}`;
  return `<${PRIORITY[level] ?? 6}>${printable(msg)}${rest}\n`;
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

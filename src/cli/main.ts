#!/usr/bin/env node
import { hostname, userInfo } from 'node:os';
import { basename, relative } from 'node:path';
import { createInterface } from 'node:readline/promises';

import { systemClock } from '../daemon/clock.ts';
import { operatorOf } from './io.ts';
import type { Io } from './io.ts';
import { runCli } from './program.ts';
import { columnsFrom, createScreen, wantsColour } from './screen.ts';
import type { Screen } from './screen.ts';

/** The only file that ends the process. */

/** How long calls for files that are still under way at the end are waited for. */
const FILES_WITHIN_MS = 500;
const FILES_POLL_MS = 20;

const SIGNALS = { SIGINT: 130, SIGTERM: 143 } as const;

/** Undefined for a pipe, whatever the types say. */
function isTerminal(stream: { readonly isTTY?: boolean }): boolean {
  return stream.isTTY ?? false;
}

function screenOf(stream: NodeJS.WriteStream): Screen {
  return createScreen({
    write: (text) => void stream.write(text),
    isTty: isTerminal(stream),
    colour: wantsColour(isTerminal(stream), process.env),
    get columns() {
      return columnsFrom(stream, process.env);
    },
    get rows() {
      return stream.isTTY ? stream.rows : null;
    },
  });
}

async function confirm(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question(`${question} [y/N] `);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    terminal.close();
  }
}

/** What a person can type again; npm links the file as `mqi`. */
function selfName(script: string): string {
  return basename(script) === 'mqi.js' ? `node ${relative(process.cwd(), script)}` : 'mqi';
}

let interrupted: AbortController | null = null;
let toldBy: NodeJS.Signals = 'SIGTERM';

function interruption(): AbortSignal {
  if (interrupted !== null) return interrupted.signal;
  const controller = new AbortController();
  interrupted = controller;
  for (const [name, exitCode] of Object.entries(SIGNALS)) {
    process.on(name, () => {
      if (controller.signal.aborted) end(exitCode);
      toldBy = name as NodeJS.Signals;
      controller.abort();
    });
  }
  return controller.signal;
}

const io: Io = {
  out: screenOf(process.stdout),
  err: screenOf(process.stderr),
  env: process.env,
  cwd: process.cwd(),
  self: selfName(process.argv[1] ?? ''),
  clock: systemClock,
  operator: operatorOf(process.env, hostname(), account),
  confirm: process.stdin.isTTY && process.stderr.isTTY ? confirm : null,
  interruption,
};

for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    // `mqi cases list | head`: the reader has seen enough
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
}

const exitCode = await runCli(process.argv.slice(2), io);
// a handle that was left open must not keep a finished command alive; what was printed goes out first
process.stdout.write('', () => process.stderr.write('', () => void finish(exitCode)));

/** What still reads or writes a file gets a moment. */
async function finish(exitCode: number): Promise<void> {
  for (let waitedMs = 0; isAtFiles() && waitedMs < FILES_WITHIN_MS; waitedMs += FILES_POLL_MS) {
    await systemClock.sleep(FILES_POLL_MS);
  }
  end(exitCode);
}

/**
 * `process.exit` joins the threads that node has for files, so one that waits for a file server that does not answer would
 * hold it up for ever. The default action of a signal does not; to systemd an end by SIGTERM is a clean one.
 */
function end(exitCode: number): void {
  if (!isAtFiles()) process.exit(exitCode);
  process.removeAllListeners(toldBy);
  process.kill(process.pid, toldBy);
}

function isAtFiles(): boolean {
  return process.getActiveResourcesInfo().some((name) => name.startsWith('FSReq'));
}

function account(): string {
  try {
    return userInfo().username;
  } catch {
    // a uid without an account, as containers have them
    return `uid ${String(process.getuid?.())}`;
  }
}

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

function interruption(): AbortSignal {
  if (interrupted !== null) return interrupted.signal;
  const controller = new AbortController();
  interrupted = controller;
  for (const [name, exitCode] of Object.entries(SIGNALS)) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(exitCode);
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
process.stdout.write('', () => process.stderr.write('', () => process.exit(exitCode)));

function account(): string {
  try {
    return userInfo().username;
  } catch {
    // a uid without an account, as containers have them
    return `uid ${String(process.getuid?.())}`;
  }
}

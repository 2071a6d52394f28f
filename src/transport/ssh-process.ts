import { PassThrough, finished } from 'node:stream';
import type { Readable } from 'node:stream';

import type { ClientChannel } from 'ssh2';

import { FrameReader } from './ssh-frame.ts';
import type { Frame } from './ssh-frame.ts';
import { HeldInput } from './ssh-input.ts';
import type { Loss } from './ssh-loss.ts';
import type { RemoteProcess } from './transport.ts';

type Ended = Awaited<RemoteProcess['ended']>;

export interface StartedProcess {
  readonly process: RemoteProcess;
  /** Resolves when the channel is closed, or the connection lost: its place is free. Never rejects. */
  readonly released: Promise<void>;
  /** Does nobody wait for it any more? Its place is taken all the same, until it ends on the host. */
  readonly isAbandoned: () => boolean;
}

/** What the channel itself said of the end: a number, a signal, or (yet) nothing. */
type ChannelExit =
  | { readonly kind: 'none' }
  | { readonly kind: 'exited'; readonly exitCode: number }
  | { readonly kind: 'signalled'; readonly signal: string };

/**
 * A command that was accepted by the host. It has *ended* with an exit code only if both came: an exit status of the
 * channel, and the frame's end, whose status it is (a wrapper around the command may have one of its own). A signal is
 * none: it ended the shell around the command and says nothing of the command, whose own death by a signal is 128+n.
 */
export function wrapChannel(channel: ClientChannel, frame: Frame, loss: Loss): StartedProcess {
  const stdin = new HeldInput(channel);
  const stdout = new FrameReader(frame.begin, frame.end, () => stdin.open());
  const stderr = new FrameReader(frame.beginErrors, null, () => {});
  let exit: ChannelExit = { kind: 'none' };
  channel.on('exit', (code: number | null, signal?: string) => {
    exit = code === null ? { kind: 'signalled', signal: signal ?? 'a signal' } : { kind: 'exited', exitCode: code };
  });
  channel.on('error', () => {});
  const cutOutput = connectReader(channel, stdout);
  const cutErrors = connectReader(channel.stderr, stderr);

  let finish!: (ended: Ended) => void;
  const ended = new Promise<Ended>((resolve) => (finish = resolve));
  let release!: () => void;
  const released = new Promise<void>((resolve) => (release = resolve));
  channel.on('close', () => {
    release();
    closeInput(stdin);
    void Promise.all([whole(stdout), whole(stderr)]).then(() => {
      leave();
      return finish(endedBy(exit, stdout, stderr));
    });
  });
  const leave = loss.listen((reason) => {
    release();
    finish({ exitCode: null, reason });
    closeInput(stdin);
    cutOutput();
    cutErrors();
  });

  let isAbandoned = false;
  const abandon = (): void => {
    isAbandoned = true;
    finish({ exitCode: null, reason: 'abandoned' });
    closeInput(stdin);
    stdout.destroy();
    stderr.destroy();
    channel.close();
  };
  return { process: { stdin, stdout, stderr, ended, abandon }, released, isAbandoned: () => isAbandoned };
}

/** A command of which we know only that it may have been started. */
export function lostProcess(reason: string): StartedProcess {
  const stdin = new PassThrough().on('error', () => {}).destroy();
  const abandon = (): void => {};
  const ended = Promise.resolve({ exitCode: null, reason });
  const [stdout, stderr] = [new PassThrough().end(), new PassThrough().end()];
  return { process: { stdin, stdout, stderr, ended, abandon }, released: Promise.resolve(), isAbandoned: () => true };
}

/**
 * Whoever stops reading must not stop the channel: with unread output it never closes and keeps its place. Returns what
 * ends the reader early.
 */
function connectReader(source: Readable, reader: FrameReader): () => void {
  source.pipe(reader);
  reader.on('error', () => {});
  reader.on('close', () => {
    source.unpipe(reader);
    source.resume();
  });
  return () => {
    source.unpipe(reader);
    source.resume();
    if (!reader.writableEnded) reader.end();
  };
}

function closeInput(stdin: HeldInput): void {
  if (stdin.destroyed) return;
  stdin.destroy(stdin.writableFinished ? undefined : Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
}

function whole(reader: FrameReader): Promise<void> {
  return new Promise((resolve) => {
    finished(reader, { writable: false }, () => resolve());
  });
}

function endedBy(exit: ChannelExit, stdout: FrameReader, stderr: FrameReader): Ended {
  if (exit.kind === 'none') return { exitCode: null, reason: 'the channel was closed without an exit status' };
  if (!stdout.begun) return { exitCode: null, reason: explainMissingFrame(exit, `${stdout.noise} ${stderr.noise}`) };
  if (exit.kind === 'signalled') return { exitCode: null, reason: `the shell on the host was ended by ${exit.signal}` };
  if (stdout.exitCode !== null) return { exitCode: stdout.exitCode };
  return { exitCode: null, reason: `the answer broke off (exit ${exit.exitCode}, but not the end of the output)` };
}

/** As much of a host's words as goes into a message. */
const SAID_LIMIT_CHARACTERS = 300;

function explainMissingFrame(exit: Exclude<ChannelExit, { kind: 'none' }>, noise: string): string {
  const said = noise
    .replaceAll(/[^\P{C}]+/gu, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim()
    .slice(0, SAID_LIMIT_CHARACTERS);
  const how = exit.kind === 'exited' ? `exit ${exit.exitCode}` : exit.signal;
  const words = said === '' ? 'said nothing' : `said: ${said}`;
  if (/sftp connections only/i.test(said)) {
    return `the host gives SFTP only, and no shell (ForceCommand internal-sftp in its sshd_config): it ${words} (${how})`;
  }
  return `the host did not run the command (a login script, a forced command, or /etc/nologin): it ${words} (${how})`;
}

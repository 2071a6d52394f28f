import type { RemoteProcess, Spawn } from './transport.ts';
import { quotePath } from './quote.ts';

/** A hint is a word or two; a longer line is somebody else's, and is dropped. */
const LINE_LIMIT_CHARACTERS = 4096;

/**
 * Its own standard input is the leash: a command outlives its connection, but when we are gone the input ends, and the
 * shell ends the `tail`. Only `tail` holds the output, so that its death is seen here. A `tail` without `-F` is dead
 * after a second.
 */
function followCommand(file: string): string {
  const path = quotePath(file);
  return [
    `tail -n 0 -F ${path} </dev/null 2>/dev/null & tail=$!`,
    `sleep 1; kill -0 $tail 2>/dev/null || { tail -n 0 -f ${path} </dev/null 2>/dev/null & tail=$!; }`,
    `exec >/dev/null 2>&1; cat; kill $tail`,
  ].join('\n');
}

/** Calls `onLine` for each line that is appended to a file of the host from now on, until aborted or cut off. */
export async function follow(
  spawn: Spawn,
  file: string,
  onLine: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  if (signal.aborted) return;
  let child: RemoteProcess;
  try {
    child = await spawn(followCommand(file), 'control');
  } catch {
    return;
  }
  const leave = (): void => child.abandon();
  // it may have been aborted while the command was being started
  if ((signal as { readonly aborted: boolean }).aborted) return leave();
  signal.addEventListener('abort', leave, { once: true });
  child.stdin.on('error', () => {});
  child.stderr.resume();
  try {
    await readLines(child.stdout, signal, onLine);
  } catch {
    // the stream broke off: the connection is lost, or we left
  } finally {
    signal.removeEventListener('abort', leave);
    leave();
  }
}

async function readLines(
  stream: NodeJS.ReadableStream,
  signal: AbortSignal,
  onLine: (line: string) => void,
): Promise<void> {
  stream.setEncoding('utf8');
  let rest = '';
  for await (const chunk of stream) {
    const lines = (rest + String(chunk)).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > LINE_LIMIT_CHARACTERS) rest = '';
    for (const line of lines) {
      if (signal.aborted) return;
      onLine(line);
    }
  }
}

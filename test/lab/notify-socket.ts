import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { onTestFinished } from 'vitest';

/** Node knows no datagram sockets of Unix; what comes with a message (the file of systemd-notify's barrier) is closed. */
const RECEIVE = `
import json, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print(json.dumps("bound"), flush=True)
while True:
    print(json.dumps(s.recv(65536).decode()), flush=True)
`;

/** The end of the socket that systemd holds, in a test's hands. */
export interface NotifySocket {
  readonly path: string;
  /** Assignments as they arrived (`READY=1`), with the moment of each. */
  readonly heard: readonly { readonly text: string; readonly atMs: number }[];
}

export async function openNotifySocket(folder: string): Promise<NotifySocket> {
  const path = join(folder, 'notify');
  const child = spawn('python3', ['-c', RECEIVE, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(async () => {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    rmSync(path, { force: true });
  });
  const heard: { text: string; atMs: number }[] = [];
  const lines = createInterface({ input: child.stdout });
  await once(lines, 'line');
  lines.on('line', (line) => {
    for (const text of (JSON.parse(line) as string).split('\n')) {
      if (text !== '') heard.push({ text, atMs: performance.now() });
    }
  });
  return { path, heard };
}

import { spawn, spawnSync } from 'node:child_process';
import { accessSync } from 'node:fs';
import { once } from 'node:events';

import { expect, onTestFinished } from 'vitest';

/** Only root may mount; bindfs is the file server that a test can stop. */
export const canHang = process.getuid?.() === 0 && isThere('/dev/fuse') && isThere('/usr/bin/bindfs');

function isThere(path: string): boolean {
  try {
    accessSync(path);
    return true;
  } catch {
    return false;
  }
}

/** A folder on a file server of its own, which answers nothing while it hangs. */
export interface HangingDisk {
  hang(): void;
  goOn(): void;
}

/** What lies in `source` is seen in `folder`. Both exist. */
export async function mountHangingDisk(source: string, folder: string): Promise<HangingDisk> {
  const server = spawn('bindfs', ['-f', '--no-allow-other', source, folder], { stdio: 'ignore' });
  const over = once(server, 'exit');
  onTestFinished(async () => {
    server.kill('SIGCONT');
    // lazily: something that was waiting for it may still be in it
    spawnSync('umount', ['--lazy', folder]);
    server.kill('SIGTERM');
    await over;
  });
  await expect.poll(() => spawnSync('findmnt', ['--mountpoint', folder]).status).toBe(0);
  return { hang: () => void server.kill('SIGSTOP'), goOn: () => void server.kill('SIGCONT') };
}

// How long is a GPU idle between two cases on a host that is reached by ssh and queues with pueue? From the end of each
// job to the start of the next one, as the jobs themselves wrote it down: ten jobs of a second on one slot, looks every
// 30 s. It runs the test of the same name, on a real sshd and a real pueued, with inputs as large as real ones.
//
//   npm run build && node bench/slot-gap-ssh.mjs [input-mib=200]
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const options = Object.fromEntries(process.argv.slice(2).map((text) => text.split('=')));
const folder = mkdtempSync(join(tmpdir(), 'mqi-bench-'));
const figures = join(folder, 'figures.json');
try {
  const { status, stdout } = spawnSync('npx', ['vitest', 'run', 'test/hpc/slot-gap.test.ts'], {
    cwd: join(import.meta.dirname, '..'),
    encoding: 'utf8',
    env: { ...process.env, MQI_SLOT_GAP_MIB: options['input-mib'] ?? '200', MQI_SLOT_GAP_REPORT: figures, CI: '1' },
  });
  if (status !== 0) throw new Error(stdout);
  const { cases, inputMib, gapsMs } = JSON.parse(readFileSync(figures, 'utf8'));
  const at = (share) => gapsMs[Math.min(gapsMs.length - 1, Math.floor(share * gapsMs.length))];
  console.log(`${cases} jobs of 1 s on one slot, ${inputMib} MiB of inputs each, looks every 30 s`);
  console.log(`end of a job → start of the next: least ${at(0)} ms, median ${at(0.5)} ms, most ${at(1)} ms`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { onTestFinished } from 'vitest';

/**
 * Stands for the program of NVIDIA's driver where there is no GPU. As there, a process is told of for as long as it
 * lives; what it is called is what it says.
 */
export interface FakeNvidiaSmi {
  /** For the PATH of the host's commands. */
  readonly bin: string;
  /** sh for a job: its process computes on a GPU from now on. */
  use(index: number): string;
  /** Somebody else's process, on a GPU, with that much in its environment; ends with the test at the latest. */
  stranger(
    index: number,
    name?: string,
    env?: Readonly<Record<string, string>>,
  ): ChildProcess & { readonly pid: number };
  /** How it answers from now on. */
  answers(how: 'well' | 'not at all' | 'never, and stays when it is killed' | 'with an error' | 'with garbage'): void;
  /** Pids of those that stayed. */
  left(): readonly number[];
}

export const uuidOf = (index: number): string => `GPU-${String(index).repeat(8)}-1111-2222-3333-444444444444`;

const SCRIPT = (folder: string): string => `#!/bin/sh
folder='${folder}'
case $(cat "$folder/how") in
  'not at all') exec sleep 600 ;;
  # what is left has its output open, as one in the depths of a kernel has
  'never, and stays when it is killed') sleep 600 & echo "$!" >> "$folder/left"; wait ;;
  'with an error') echo 'NVIDIA-SMI has failed because it could not communicate with the NVIDIA driver.'; exit 9 ;;
  'with garbage') echo '[GPU is lost]'; exit 0 ;;
esac
case $1 in
  --query-gpu=index,uuid) cat "$folder/gpus" ;;
  --query-gpu=name) sed 's/.*/Fake GPU/' "$folder/gpus" ;;
  --query-compute-apps=*)
    for file in "$folder"/on/*; do
      pid=\${file##*/}
      [ -d "/proc/$pid" ] || continue
      case $(cut -d ' ' -f 3 "/proc/$pid/stat") in Z|X) continue ;; esac
      { IFS= read -r uuid; name=$(cat); } < "$file"
      case $1 in
        *=gpu_uuid,pid,process_name) printf '%s, %s, %s\\n' "$uuid" "$pid" "$name" ;;
        *=gpu_uuid,pid) printf '%s, %s\\n' "$uuid" "$pid" ;;
        *) exit 2 ;;
      esac
    done ;;
  *) echo "no such option: $*"; exit 2 ;;
esac
`;

export function createFakeNvidiaSmi(gpus: number): FakeNvidiaSmi {
  const folder = mkdtempSync(join(tmpdir(), 'mqi-nvidia-'));
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  mkdirSync(join(folder, 'on'), { mode: 0o777 });
  writeFileSync(join(bin, 'nvidia-smi'), SCRIPT(folder), { mode: 0o755 });
  writeFileSync(join(folder, 'gpus'), Array.from({ length: gpus }, (_, at) => `${at}, ${uuidOf(at)}\n`).join(''));
  const strangers: ChildProcess[] = [];
  const answers: FakeNvidiaSmi['answers'] = (how) => writeFileSync(join(folder, 'how'), how);
  answers('well');
  const left = (): readonly number[] => {
    const file = join(folder, 'left');
    const pids = existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean).map(Number) : [];
    return pids.filter((pid) => existsSync(`/proc/${pid}`));
  };
  onTestFinished(() => {
    for (const child of strangers) child.kill('SIGKILL');
    for (const pid of left()) process.kill(pid, 'SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    bin,
    use: (index) => `printf '%s\\nmoqui\\n' ${uuidOf(index)} > '${folder}/on/'$$`,
    stranger(index, name = 'python', env = {}) {
      // it has nothing of ours in its environment, nor is it in a session of ours
      const child = spawn('sleep', ['600'], {
        detached: true,
        stdio: 'ignore',
        env: { PATH: process.env['PATH'], ...env },
      });
      strangers.push(child);
      if (child.pid === undefined) throw new Error('no process could be started');
      writeFileSync(join(folder, 'on', String(child.pid)), `${uuidOf(index)}\n${name}\n`);
      return child as ReturnType<FakeNvidiaSmi['stranger']>;
    },
    answers,
    left,
  };
}

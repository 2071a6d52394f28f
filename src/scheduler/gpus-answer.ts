import type { Gpu, GpuProcess } from '../domain/gpu.ts';
import { blind } from './answer.ts';
import type { Answer } from './answer.ts';
import type { Blind, GpusOutcome } from './scheduler.ts';

const GPU_LINE = /^gpu (\d{1,3}), *(GPU-[0-9A-Za-z-]{1,64})$/;
const APP_LINE = /^app ([A-Z]{3}-[0-9A-Za-z/-]{1,80}), *(\d{1,10}), *(.*)$/s;
const AGAIN_LINE = /^again ([A-Z]{3}-[0-9A-Za-z/-]{1,80}), *(\d{1,10})$/;
const PROCESS_LINE = /^process (\d{1,10}) (.*)$/s;
const USER_LINE = /^user (\d{1,10}) (.*)$/s;

/** What a person is shown of a name: whoever started the process chose it. */
const NAME_LIMIT = 40;
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]+/gu;

interface App {
  readonly uuid: string;
  readonly pid: number;
  name: string;
}

/**
 * What the lines of `gpusCommand` say (gpu-commands.ts). A driver that fails, or that says what nobody can read, is
 * *unknown*: it is no reason to see nothing of the host.
 */
export function readGpus(answer: Answer | Blind): GpusOutcome {
  if (answer.kind === 'blind') return answer;
  const { lines } = answer;
  const trouble = lines.find((line) => line.startsWith('trouble '));
  if (trouble !== undefined) return unknown(printed(trouble.slice('trouble '.length), 200));
  if (lines.length === 1 && lines[0] === 'absent') return { kind: 'gpus', gpus: null };

  const gpus: { readonly index: string; readonly uuid: string }[] = [];
  const apps: App[] = [];
  const ours = new Set<number>();
  const still = new Set<string>();
  const users = new Map<number, string>();
  let isScanned = false;
  for (const line of lines) {
    const word = line.slice(0, Math.max(0, line.indexOf(' ')));
    switch (word) {
      case 'gpu': {
        const match = GPU_LINE.exec(line);
        if (match === null) return unreadable(line);
        gpus.push({ index: match[1]!, uuid: match[2]! });
        break;
      }
      case 'app': {
        const match = APP_LINE.exec(line);
        const last = apps.at(-1);
        if (match !== null) apps.push({ uuid: match[1]!, pid: Number(match[2]), name: match[3]! });
        // a name that goes on: no reason to see nothing of the rest
        else if (last !== undefined) last.name += `\n${line.slice('app '.length)}`;
        else return unreadable(line);
        break;
      }
      case 'again': {
        const match = AGAIN_LINE.exec(line);
        if (match === null) return unreadable(line);
        still.add(keyOf(match[1]!, Number(match[2])));
        break;
      }
      case 'process': {
        const match = PROCESS_LINE.exec(line);
        if (match === null) return unreadable(line);
        ours.add(Number(match[1]));
        break;
      }
      case 'user': {
        const match = USER_LINE.exec(line);
        if (match === null) return unreadable(line);
        users.set(Number(match[1]), match[2]!);
        break;
      }
      case 'stopped':
        break;
      default:
        if (line !== 'scanned') return unreadable(line);
        isScanned = true;
    }
  }
  if (apps.length > 0 && !isScanned) return blind('garbled', 'the processes were not looked through to the end');
  const processOf = ({ pid, name }: App): GpuProcess => ({
    pid,
    name: nameOf(name),
    user: printed(users.get(pid) ?? '', NAME_LIMIT) || null,
    ours: ours.has(pid),
  });
  return {
    kind: 'gpus',
    gpus: gpus.map(({ index, uuid }): Gpu => ({
      index,
      uuid,
      processes: apps
        .filter((app) => app.uuid === uuid && (ours.has(app.pid) || still.has(keyOf(uuid, app.pid))))
        .map(processOf),
    })),
  };
}

function keyOf(uuid: string, pid: number): string {
  return `${uuid} ${pid}`;
}

/** A path without its directories; null for `[Not Found]` and its like. */
function nameOf(text: string): string | null {
  const [first] = text.split('\n') as [string];
  if (/^\[.*\]$/.test(first)) return null;
  const isPath = /^\/\S*[^\s/]$/.test(first);
  return printed(isPath ? first.slice(first.lastIndexOf('/') + 1) : text, NAME_LIMIT) || null;
}

function printed(text: string, limit: number): string {
  const line = text.replaceAll(UNPRINTABLE, ' ').trim();
  return line.length > limit ? `${line.slice(0, limit)}…` : line;
}

function unreadable(line: string): GpusOutcome {
  return unknown(`it says ${JSON.stringify(printed(line.replace(/^[a-z]+ /, ''), 80))}`);
}

function unknown(reason: string): GpusOutcome {
  return { kind: 'unknown', reason: `nvidia-smi cannot tell what runs on the GPUs: ${reason}` };
}

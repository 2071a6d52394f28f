/** A process that computes on a GPU, as the host's driver tells of it. */
export interface GpuProcess {
  readonly pid: number;
  /** Its program, on one line; null when the driver does not say. Whoever started it chose it. */
  readonly name: string | null;
  /** Null when the host does not show it. */
  readonly user: string | null;
  /** Of a job of this installation: by its token, or by the session that its job opened. */
  readonly ours: boolean;
}

export interface Gpu {
  /** As the driver counts them: `0`, `1`, … */
  readonly index: string;
  /** `GPU-…` */
  readonly uuid: string;
  readonly processes: readonly GpuProcess[];
}

/** How a GPU is named: its index, or its UUID, which may be cut short as CUDA allows. */
export const GPU_NAME = /^(?:\d{1,3}|GPU-[0-9a-f][0-9a-f-]{3,})$/i;

/**
 * The GPUs that a job sees with this CUDA_VISIBLE_DEVICES: what comes after a word that names none is hidden from it.
 * Parts of a GPU (`MIG-…`) are none: the driver tells of whole ones only.
 */
export function visibleGpus(text: string): readonly string[] {
  const words = text.split(',').map((word) => word.trim());
  const hidden = words.findIndex((word) => !GPU_NAME.test(word));
  return hidden === -1 ? words : words.slice(0, hidden);
}

function isNamed(gpu: Gpu, name: string): boolean {
  return gpu.index === name || (/^GPU-/i.test(name) && gpu.uuid.toLowerCase().startsWith(name.toLowerCase()));
}

/** The names of which the host has no GPU. */
export function missingGpus(gpus: readonly Gpu[], names: readonly string[]): readonly string[] {
  return names.filter((name) => !gpus.some((gpu) => isNamed(gpu, name)));
}

/** What somebody else computes on the GPUs of these names; null for nothing. */
export function busyWith(gpus: readonly Gpu[], names: readonly string[]): string | null {
  const named = gpus.filter((gpu) => names.some((name) => isNamed(gpu, name)));
  return strangersText(named.flatMap((gpu) => gpu.processes));
}

/** `pid 4242 python of alice (not ours)`; null when all are ours. */
export function strangersText(processes: readonly GpuProcess[]): string | null {
  const strangers = new Map(processes.filter(({ ours }) => !ours).map((process) => [process.pid, process]));
  const [first] = [...strangers.values()].sort((a, b) => a.pid - b.pid);
  if (first === undefined) return null;
  const name = first.name === null ? '' : ` ${first.name}`;
  const user = first.user === null ? '' : ` of ${first.user}`;
  const more = strangers.size === 1 ? '' : ` and ${strangers.size - 1} more`;
  return `pid ${first.pid}${name}${user}${more} (not ours)`;
}

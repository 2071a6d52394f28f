import type { Gpu, GpuProcess } from '../../../src/domain/gpu.ts';
import type { Command, SimHost } from '../host/sim-host.ts';

export const gpuOf = (host: Pick<SimHost, 'slots'>, slot: string): string => String(host.slots.indexOf(slot));

/** Null where the driver fails. Asked twice: a stranger is there both times (src/scheduler/gpu-commands.ts). */
export function* gpus(host: SimHost): Command<readonly Gpu[] | null> {
  yield;
  if (host.driverFails) return null;
  const before = new Set(host.strangers.keys());
  const ours = host.slots.map((slot) => oursOn(host, slot));
  yield;
  if (host.driverFails) return null;
  return host.slots.map((slot, index) => {
    const isThere = before.has(slot) && host.strangers.has(slot);
    const strangers = isThere ? [{ pid: 9, name: 'python', user: 'alice', ours: false }] : [];
    return { index: gpuOf(host, slot), uuid: `GPU-${index}`, processes: [...ours[index]!, ...strangers] };
  });
}

function oursOn(host: SimHost, slot: string): readonly GpuProcess[] {
  return host.processes
    .alive()
    .filter((process) => process.role === 'payload' && process.slot === `${host.name}/${slot}`)
    .map(({ pid }) => ({ pid, name: 'moqui', user: null, ours: true }));
}

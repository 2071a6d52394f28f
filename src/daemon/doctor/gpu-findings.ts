import type { HostConfig, SlotConfig } from '../../config/config.ts';
import { busyWith, missingGpus, strangersText } from '../../domain/gpu.ts';
import type { Gpu } from '../../domain/gpu.ts';
import type { GpusOutcome } from '../../scheduler/scheduler.ts';
import type { Findings } from './finding.ts';
import { onHost } from './on-host.ts';

const NAME = 'gpu use';

/** The name of the finding, where some slot is compared with the driver. */
export function gpuUseNames(host: HostConfig): readonly string[] {
  return host.slots.some(({ gpus }) => gpus.length > 0) ? [NAME] : [];
}

/** Which slots are on which GPUs, and what else runs there. */
export function reportGpuUse(outcome: GpusOutcome, host: HostConfig, findings: Findings): void {
  if (outcome.kind !== 'gpus') return findings.warn(NAME, outcome.reason, onHost(host, 'nvidia-smi'));
  const { gpus } = outcome;
  if (gpus === null) return;
  for (const slot of host.slots) reportMissing(slot, gpus, host, findings);
  for (const gpu of gpus) reportStrangers(gpu, host, findings);
  const compared = host.slots.filter((slot) => slot.gpus.length > 0 && missingGpus(gpus, slot.gpus).length === 0);
  const free = compared.filter((slot) => busyWith(gpus, slot.gpus) === null);
  if (free.length === 0) return;
  const places = free.map((slot) => `${slot.name} (GPU ${slot.gpus.join(', ')})`);
  findings.ok(NAME, `nobody else computes on ${places.join(', ')}`);
}

/** The driver lists no such GPU: a job there would find none. */
function reportMissing(slot: SlotConfig, gpus: readonly Gpu[], host: HostConfig, findings: Findings): void {
  const missing = missingGpus(gpus, slot.gpus);
  if (missing.length === 0) return;
  const there = gpus.length === 0 ? 'none' : gpus.map(({ index }) => index).join(', ');
  findings.fail(
    NAME,
    `slot ${slot.name} is on GPU ${missing.join(' and ')}, and nvidia-smi lists ${there}`,
    `set gpu (or CUDA_VISIBLE_DEVICES) of ${slot.name} in hosts.${host.name}.slots, then: mqi config check`,
  );
}

function reportStrangers(gpu: Gpu, host: HostConfig, findings: Findings): void {
  const strangers = strangersText(gpu.processes);
  if (strangers === null) return;
  const slots = host.slots.filter((slot) => busyWith([gpu], slot.gpus) !== null).map(({ name }) => name);
  const pids = gpu.processes.filter(({ ours }) => !ours).map(({ pid }) => pid);
  if (slots.length > 0) {
    return findings.warn(
      NAME,
      `GPU ${gpu.index} is busy: ${strangers}; nothing is leased on ${slots.join(', ')} until that has ended`,
      onHost(host, `ps -fp ${[...new Set(pids)].join(',')}`),
    );
  }
  const unsaid = host.slots.some(({ gpus }) => gpus.length > 0)
    ? 'it is of no slot'
    : 'no slot says which GPU it is on';
  findings.info(NAME, `GPU ${gpu.index} is busy: ${strangers}; ${unsaid} (hosts.${host.name}.slots[].gpu)`);
}

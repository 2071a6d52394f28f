import { describe } from 'vitest';

import { setUpBench } from './scheduler-bench.ts';
import type { SchedulerUnderTest } from './scheduler-bench.ts';
import { createContract } from './scheduler-create.contract.ts';
import { cutContract } from './scheduler-cut.contract.ts';
import { findContract } from './scheduler-find.contract.ts';
import { graceContract } from './scheduler-grace.contract.ts';
import { gpusContract } from './scheduler-gpus.contract.ts';
import { keepContract } from './scheduler-keep.contract.ts';
import { lookContract } from './scheduler-look.contract.ts';
import { proofContract } from './scheduler-proof.contract.ts';
import { stopContract } from './scheduler-stop.contract.ts';
import { unreadableContract } from './scheduler-unreadable.contract.ts';

export type { SchedulerUnderTest } from './scheduler-bench.ts';

/** What every scheduler must hold to, run on the real sh and the real queue. */
export function schedulerContract(name: string, make: () => Promise<SchedulerUnderTest>): void {
  describe(`the scheduler ${name}`, () => {
    const bench = setUpBench(make);
    createContract(bench);
    findContract(bench);
    stopContract(bench);
    graceContract(bench);
    proofContract(bench);
    lookContract(bench);
    unreadableContract(bench);
    gpusContract(bench);
    keepContract(bench);
    cutContract(bench);
  });
}

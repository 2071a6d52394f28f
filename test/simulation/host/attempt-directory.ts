import type { Claim, End } from '../../../src/domain/job.ts';

/** A file that was linked. Until it is flushed, a power cut takes it back. */
export interface Written<T> {
  readonly value: T;
  synced: boolean;
}

export interface Script {
  /** `HOST/SLOT` */
  readonly slot: string;
}

/** ROOT/attempts/TOKEN. Its upload was flushed before it was renamed here. */
export class AttemptDirectory {
  readonly token: string;
  manifest = true;
  script: Written<Script> | null = null;
  claim: Written<Claim> | null = null;
  end: Written<End> | null = null;
  /** What the upload brought: the fingerprint of the folder that it was made of. */
  readonly inputs: string;
  /** What the job wrote to be collected, with the list of it. */
  outputs: string | null = null;

  constructor(token: string, inputs: string) {
    this.token = token;
    this.inputs = inputs;
  }

  /** True when something was lost. */
  cutPower(): boolean {
    let lost = false;
    for (const name of ['script', 'claim', 'end'] as const) {
      if (this[name]?.synced !== false) continue;
      this[name] = null;
      lost = true;
    }
    return lost;
  }
}

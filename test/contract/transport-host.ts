import { join } from 'node:path';

import type { Transport } from '../../src/transport/transport.ts';
import { scratch } from '../transport/scratch.ts';

/** What one test of the contract works on; new for each. */
export class ContractHost {
  readonly name: string;
  /** Set before each test. */
  transport!: Transport;
  root = '';
  folder = '';

  constructor(name: string) {
    this.name = name;
  }

  begin(transport: Transport): void {
    this.transport = transport;
    this.root = join(scratch(), 'ro ot');
    this.folder = join(scratch(), 'ca se');
  }

  attempt(): string {
    return join(this.root, 'attempts', 'mqi-test-case-1-abc');
  }
}

/** For one command; its machine may be busy with other tests. */
export const timeoutMs = 20_000;

/** Asks again, without a limit of its own: the test's own is the limit. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 20));
}

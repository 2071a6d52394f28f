import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import type { Transport } from '../../src/transport/transport.ts';
import { cleanScratch, scratch } from '../transport/scratch.ts';
import { fetchContract } from './transport-fetch.contract.ts';
import { ContractHost, until } from './transport-host.ts';
import { runContract } from './transport-run.contract.ts';
import { sendContract } from './transport-send.contract.ts';

export interface TransportUnderTest {
  readonly transport: Transport;
  close(): Promise<void>;
}

/** What every transport must hold to. The host is this machine: both see the same files under the same paths. */
export function transportContract(name: string, make: () => Promise<TransportUnderTest>): void {
  describe(`the transport ${name}`, () => {
    const host = new ContractHost(name);
    let sut: TransportUnderTest;
    beforeEach(async () => {
      sut = await make();
      host.begin(sut.transport);
      expect(await host.transport.connect(new AbortController().signal)).toEqual({ kind: 'connected' });
    });
    afterEach(() => sut.close());
    cleanScratch();

    runContract(host);
    sendContract(host);
    fetchContract(host);

    describe('follow', () => {
      test('lines that are appended come one by one, until it is aborted', async () => {
        const file = join(scratch(), 'events');
        writeFileSync(file, 'old\n');
        const abort = new AbortController();
        const lines: string[] = [];
        const following = host.transport.follow(file, (line) => lines.push(line), abort.signal);
        // nobody says when it began: what is written before that is not seen
        await until(() => {
          appendFileSync(file, 'probe\n');
          return lines.length > 0;
        });
        appendFileSync(file, 'one');
        appendFileSync(file, ' line\nanother\n');
        await until(() => lines.includes('another'));
        abort.abort();
        await following;
        expect(lines).toContain('one line');
        expect(lines).not.toContain('old');
      });
    });
  });
}

import { expect, test } from 'vitest';

import type { SshLink } from '../../src/transport/ssh-link.ts';
import {
  ask,
  connected,
  describeWithSshd,
  optionsFor,
  optionsThrough,
  proxyForTest,
  sshdForTest,
} from '../lab/ssh-client.ts';
import type { Answer } from '../lab/ssh-client.ts';

const COMMANDS = 2_000;
/** 256 kbit/s. */
const SLOW_BYTES_PER_SECOND = 32 * 1024;

describeWithSshd('under load', () => {
  test(`${COMMANDS} commands in four channels are all answered, each by its own answer`, async () => {
    const sshd = await sshdForTest();
    const { link, lost } = await connected(optionsFor(sshd, { keepaliveMs: 10_000 }));
    const before = performance.now();
    let next = 0;
    const wrong: unknown[] = [];
    const worker = async (): Promise<void> => {
      while (next < COMMANDS) {
        const index = next++;
        const answer = await ask(link, `echo ${index}; exit ${index % 100}`);
        if (answer.stdout !== `${index}\n` || answer.exitCode !== index % 100) wrong.push({ index, ...answer });
      }
    };
    await Promise.all(Array.from({ length: 4 }, worker));
    console.info(`${Math.round((COMMANDS * 1000) / (performance.now() - before))} commands a second`);
    expect(wrong).toEqual([]);
    expect(lost).toEqual([]);
  });

  test('an upload over a slow line keeps control quick', async () => {
    const sshd = await sshdForTest();
    const proxy = await proxyForTest(sshd);
    const { link, lost } = await connected(optionsThrough(proxy, sshd, { keepaliveMs: 10_000 }));
    proxy.set({ bytesPerSecond: SLOW_BYTES_PER_SECOND });
    const upload = send(link, 4 * SLOW_BYTES_PER_SECOND);
    const latencies: number[] = [];
    const over = new AbortController();
    void upload.finally(() => over.abort());
    while (!over.signal.aborted) {
      const before = performance.now();
      await ask(link, ':');
      latencies.push(performance.now() - before);
    }
    expect(await upload).toMatchObject({ exitCode: 0 });
    expect(lost).toEqual([]);
    latencies.sort((a, b) => a - b);
    const [median, longest] = [latencies[latencies.length >> 1]!, latencies.at(-1)!];
    console.info(
      `control beside a full line of 256 kbit/s: median ${Math.round(median)} ms, longest ${Math.round(longest)} ms`,
    );
    // six packets a command, each of which waits for one piece of the upload: about 45 ms
    expect(median).toBeLessThan(1_000);
  });

  test('an upload whose line is full for longer than the silence that is allowed is not taken for dead', async () => {
    const sshd = await sshdForTest();
    const proxy = await proxyForTest(sshd);
    const { link, lost } = await connected(optionsThrough(proxy, sshd, { keepaliveMs: 500 }));
    proxy.set({ bytesPerSecond: 4 * SLOW_BYTES_PER_SECOND });
    // 5 s of this line, all of it in buffers at once: the answers to our pings come 5 s late, and 2 s are allowed
    const before = performance.now();
    expect(await send(link, 20 * SLOW_BYTES_PER_SECOND)).toMatchObject({ exitCode: 0 });
    expect(performance.now() - before).toBeGreaterThan(4_000);
    expect(lost).toEqual([]);
  });
});

function send(link: SshLink, sizeBytes: number): Promise<Answer> {
  return ask(link, `test $(wc -c) = ${sizeBytes}`, { stdin: 'x'.repeat(sizeBytes), channel: 'bulk' });
}

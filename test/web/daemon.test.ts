import { writeFileSync } from 'node:fs';
import { request } from 'node:http';

import { describe, expect, test } from 'vitest';

import { webOf } from '../../src/store/queries.ts';
import { orders } from '../../src/store/schema.ts';
import { createPagedSite, takePort } from './lab.ts';

/** `fetch` does not let anybody choose the Host header. */
function ask(
  url: string,
  headers: Readonly<Record<string, string>>,
  body?: string | Buffer,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: body === undefined ? 'GET' : 'POST', headers }, (answer) => {
      let text = '';
      answer.on('data', (chunk: Buffer) => (text += chunk.toString()));
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }));
      answer.on('error', reject);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

describe('the daemon', () => {
  test('serves its page, says where, and is gone from there when it stops', async () => {
    const site = createPagedSite();
    const daemon = site.start();
    const url = `${await site.served()}/`;
    expect((await ask(url, {})).status).toBe(200);
    const status = JSON.parse((await site.mqi('status', '--json')).out) as { web: unknown };
    expect(status.web).toEqual({ url, trouble: null });
    expect((await site.mqi('doctor')).out).toMatch(new RegExp(`web page\\s+${url}`));
    daemon.kill('SIGTERM');
    expect(await daemon.exited).toEqual({ code: 0, signal: null });
    await expect(ask(url, {})).rejects.toThrow('ECONNREFUSED');
  });

  test('goes on without its page when the port is taken, names it, and serves it when it is free', async () => {
    const taken = await takePort();
    const site = createPagedSite({ listen: `127.0.0.1:${taken.port}` });
    const daemon = site.start();
    const trouble = await site.until('the trouble is known', (from) => webOf(from.db).trouble);
    expect(trouble).toContain('EADDRINUSE');
    site.drop('case', 'mkdir output');
    expect((await site.final('case')).state).toBe('completed');
    await daemon.says('the web page cannot be served, everything else goes on');
    const doctor = await site.mqi('doctor');
    expect([doctor.code, doctor.out]).toEqual([
      1,
      expect.stringMatching(/FAIL\s+web page\s+it is not served: .*EADDRINUSE/),
    ]);
    await taken.free();
    expect((await ask(await site.served(), {})).status).toBe(200);
  });

  test('listens on nothing but loopback without a token that is good', async () => {
    const site = createPagedSite({ listen: '0.0.0.0:0' });
    writeFileSync(site.file('tokens'), 'tester short\n');
    site.start();
    const trouble = await site.until('the trouble is known', (from) => webOf(from.db).trouble);
    expect(trouble).toMatch(/nothing but loopback is listened on without a token.*shorter than 20/);
  });

  test('refuses bad requests over a real connection, logs them, and nothing is changed', async () => {
    const site = createPagedSite();
    const daemon = site.start();
    const url = `${await site.served()}/`;
    site.drop('case', 'sleep 60');
    const { id } = await site.in('case', 'executing');
    const { host } = new URL(url);
    const own = {
      host,
      origin: url.replace(/\/$/, ''),
      'sec-fetch-site': 'same-origin',
      'content-type': 'application/x-www-form-urlencoded',
    };
    const logged = (line: RegExp, times: number): Promise<void> =>
      expect.poll(() => daemon.log().match(line)?.length).toBe(times);
    const order = `kind=cancel&case=${id}&why=x`;
    const refused = [
      await ask(url, { host: 'evil.example' }),
      await ask(`${url}orders`, own, order),
      await ask(`${url}orders`, { ...own, cookie: 'mqi=1', origin: 'http://evil.example' }, order),
      await ask(`${url}cases/${id}/results/1/..%2F..%2F..%2Fmqi.yaml`, { host }),
      await ask(`${url}${'x'.repeat(5_000)}`, { host }),
    ];
    expect(refused.map(({ status }) => status)).toEqual([421, 403, 403, 404, 414]);
    // a body that is too large may be cut off before its answer is read
    const huge = [
      ask(`${url}orders`, { ...own, 'transfer-encoding': 'chunked' }, Buffer.alloc(1_000_000, 'x')),
      ask(`${url}login`, own, `token=${'x'.repeat(100_000)}`),
    ];
    for (const outcome of await Promise.allSettled(huge)) {
      if (outcome.status === 'fulfilled') expect(outcome.value.status).toBe(413);
    }
    await logged(/refused: the form is too large/g, 2);
    // Node itself refuses what is no HTTP, and headers without end
    await expect(ask(url, { host, cookie: 'x'.repeat(20_000) })).resolves.toMatchObject({ status: 431 });
    await logged(/"web":"refused"/g, refused.length + huge.length);
    expect(site.reader((from) => from.db.select().from(orders).all())).toEqual([]);
    expect(site.caseOf('case').phase).toBe('executing');
  });
});

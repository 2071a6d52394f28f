import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { describe, expect, it, onTestFinished } from 'vitest';

import { caseMachine, linkMachine } from '../../machines/index.ts';
import { exportMachine } from '../../src/views/diagram/export.ts';
import { testSite } from './site.ts';
import type { TestSite } from './site.ts';

/** Ends a command that would go on until Ctrl-C once it sleeps for the `naps`-th time. */
function ctrlC(site: TestSite, naps = 2): AbortSignal {
  const stopping = new AbortController();
  let slept = 0;
  site.clock.during = () => {
    slept += 1;
    if (slept >= naps) stopping.abort();
  };
  return stopping.signal;
}

describe('mqi visualize', () => {
  it('lists the machines', async () => {
    const { code, out } = await testSite().run(['visualize']);
    expect(code).toBe(0);
    expect(out).toMatch(/^MACHINE +STATES +EVENTS +WHAT\ncase +15 +\d+ +One case: .*\nlink +3 +5 +Our connection/);
  });

  it.each(['json', 'js', 'mermaid', 'svg'] as const)('prints a machine as %s, and nothing else', async (format) => {
    for (const machine of [caseMachine, linkMachine]) {
      const { code, out, err } = await testSite().run(['visualize', machine.id, '--format', format]);
      expect([code, err]).toEqual([0, '']);
      expect(out).toBe(exportMachine(machine, format));
    }
  });

  it('prints JSON that is JSON, and a picture that needs no page around it', async () => {
    const site = testSite();
    expect(JSON.parse((await site.run(['visualize', 'case', '--format', 'json'])).out)).toMatchObject({ id: 'case' });
    const { out } = await site.run(['visualize', 'case', '--format', 'svg']);
    expect(out).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg"[^]*<\/svg>\n$/);
    expect(out).not.toContain('Canvas');
  });

  it('needs no configuration and no database to print a machine', async () => {
    const site = testSite({ watch: 7 });
    expect((await site.run(['visualize', 'link'])).code).toBe(0);
  });

  it.each([
    [['visualize', 'cas'], 'there is no machine cas; there are case, link', 'mqi visualize case --format json'],
    [['visualize', '--format', 'json'], 'which machine is to be printed?', 'mqi visualize case --format json'],
    [['visualize', 'case', '--live'], 'not both at once', 'mqi visualize --live'],
    [['visualize', '--live', '--replay', 'x'], 'not both', 'mqi visualize --replay CASE'],
    [['visualize', '--live', '--port', '70000'], '70000 is no port', 'give --port'],
    [['visualize', '--replay', 'x', '--speed', 'fast'], 'fast is no speed', 'give --speed'],
    [['visualize', '--replay', 'x', '--speed', '0x'], '0x is no speed', 'give --speed'],
    [['visualize', '--live', '--inspector', 'javascript:alert(1)'], 'is no address of a page', 'give --inspector'],
    [['run', '--inspect', 'x'], 'x is no port', 'give --inspect'],
  ])('%j is a wrong command line: exit code 2 and what to type', async (argv, what, next) => {
    const { code, err } = await testSite().run(argv);
    expect(code).toBe(2);
    expect(err).toContain(what);
    expect(err).toContain(`next: ${next}`);
  });

  it('serves live cases until Ctrl-C, and says where; that is no failure', async () => {
    const site = testSite();
    site.admit('Doe^Jane');
    const { code, out } = await site.run(['visualize', '--live'], { signal: ctrlC(site) });
    expect(code).toBe(0);
    expect(out).toMatch(/^following 1 live case; Ctrl-C ends it\nopen {2}http:\/\/127\.0\.0\.1:\d+\/#token=a{32}\n$/);
  });

  it('takes a case by the beginning of its name, and prints its id: the terminal may be on a wall', async () => {
    const site = testSite();
    const id = site.admit('Doe^Jane');
    const { code, out } = await site.run(['visualize', '--live', 'Doe'], { signal: ctrlC(site) });
    expect(code).toBe(0);
    expect(out).toContain(`following case ${id};`);
    expect(out).not.toContain('Doe');
  });

  it('tells a case again, and stays until Ctrl-C', async () => {
    const site = testSite();
    const id = site.admit('a');
    site.execute(id);
    site.finish(id, 0);
    const { code, out } = await site.run(['visualize', '--replay', 'a'], { signal: ctrlC(site, 5) });
    expect(code).toBe(0);
    expect(out).toContain(`telling case ${id} again; Ctrl-C`);
  });

  it('names the nearest case when there is none of that name', async () => {
    const site = testSite();
    site.admit('alpha');
    const { code, err } = await site.run(['visualize', '--replay', 'alphb']);
    expect(code).toBe(66);
    expect(err).toContain('did you mean alpha?');
  });

  it('says that a port is taken', async () => {
    const site = testSite();
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const { code, err } = await site.run(['visualize', '--live', '--port', String(port)]);
    expect(code).toBe(75);
    expect(err).toContain(`port ${port} is taken`);
    expect(err).toContain('next: leave --port out');
  });
});

import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { expect, it } from 'vitest';
import { stringify } from 'yaml';

import type { HostFinding } from '../../src/daemon/doctor/finding.ts';
import { run, testClock } from '../cli/site.ts';
import { describeWithSshd, sshdForTest } from '../lab/ssh-client.ts';
import { rootForTest } from './hosts.ts';

describeWithSshd('mqi doctor', () => {
  it('shows every host, one that answers and one that does not, and fails because of that one', async () => {
    const sshd = await sshdForTest();
    const folder = dirname(rootForTest());
    mkdirSync(join(folder, 'new'));
    const transport = { type: 'ssh', host: 'hpc', config_file: sshd.configFile };
    // nobody listens there: it is the reserved tcpmux
    const closed = { ...transport, port: 1 };
    const host = (transport: object) => ({ transport, root: join(folder, 'root'), slots: [{ name: 'gpu0' }] });
    const settings = {
      watch: { path: 'new' },
      results: 'results',
      database: 'mqi.db',
      job: { command: ['true'], limit: '1h' },
      hosts: { near: host(transport), far: { ...host(closed), root: join(folder, 'other') } },
    };
    writeFileSync(join(folder, 'mqi.yaml'), stringify(settings));

    const { code, out } = await run(['doctor', '--json'], testClock(), folder);
    const checks = (JSON.parse(out) as { readonly checks: readonly HostFinding[] }).checks;
    const of = (name: string) => checks.filter((check) => check.host === name);
    expect(of('near').filter(({ status }) => status === 'fail')).toEqual([]);
    expect(of('far').map(({ name, status }) => [name, status])).toEqual([
      ['login', 'fail'],
      ['not checked', 'info'],
    ]);
    expect(code).toBe(1);

    const shown = (await run(['doctor'], testClock(), folder)).out;
    expect(shown).toMatch(/^ok {4}near root +/m);
    expect(shown).toMatch(/^FAIL {2}far login +.*refused the connection/m);
    expect(shown).toMatch(/^ +next: ssh -v -F \S+ -p 1 hpc true$/m);
    expect(readdirSync(folder).toSorted()).toEqual(['mqi.yaml', 'new', 'root']);
  });
});

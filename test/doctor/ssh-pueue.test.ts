import { execFileSync } from 'node:child_process';
import { chmodSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { PUEUE_VERSIONS, hasPueue, pueueBinaries, startPueue } from '../lab/pueue.ts';
import type { PueueDaemon, PueueVersion } from '../lab/pueue.ts';
import { startSshd, whySshdIsMissing } from '../lab/sshd.ts';
import type { Sshd } from '../lab/sshd.ts';
import { examined, hostConfig, pueueOf, rootForTest, sshTo } from './hosts.ts';

for (const version of PUEUE_VERSIONS) {
  const missing =
    whySshdIsMissing() ??
    (hasPueue(version) ? null : `${pueueBinaries(version)} is missing: test/lab/install.sh builds it below MQI_LAB`);
  if (missing === null) {
    withPueue(version);
    continue;
  }
  describe(`a host with pueue ${version}`, () => {
    it(`is not tested: ${missing}`, (context) => {
      // a part that is missing fails CI, where it was to be built
      if (process.env['CI']) throw new Error(missing);
      context.skip();
    });
  });
}

function withPueue(version: PueueVersion): void {
  describe(`a host with pueue ${version}`, () => {
    let sshd: Sshd;
    let daemon: PueueDaemon;
    const host = (changes = {}) =>
      hostConfig({ transport: sshTo(sshd), scheduler: pueueOf(daemon), root: rootForTest(), ...changes });
    const slot = (queue: string) => ({ slots: [{ name: queue, queue, gpus: [], env: {} }] });

    beforeAll(async () => {
      [sshd, daemon] = await Promise.all([startSshd(), startPueue(version, ['gpu0', 'two', 'held', 'many'])]);
      await daemon.pueue('parallel', '2', '-g', 'two');
      await daemon.pueue('parallel', '0', '-g', 'many');
      await daemon.pueue('pause', '-g', 'held');
    });
    afterAll(async () => {
      await daemon.close();
      await sshd.stop();
    });

    it('that is healthy has nothing to repair, and nothing of it is changed', async () => {
      const root = rootForTest();
      const before = (await daemon.pueue('status', '--json')).stdout;
      const report = await examined(host({ root }));
      expect([...report.names('fail'), ...report.names('warn')], report.shown).toEqual([]);
      expect(report.names('ok')).toEqual([
        'login',
        'host key',
        'sessions',
        'clock',
        'tools',
        'root',
        'owner',
        'space',
        'pueue',
        'pueue daemon',
        'groups',
        'confirmation',
      ]);
      expect(report.of('pueue').found).toBe(`${daemon.client}, version ${version}`);
      expect(readdirSync(root)).toEqual([]);
      expect((await daemon.pueue('status', '--json')).stdout).toBe(before);
    });

    it('that lacks the group of a slot is told how to add it, and the command does it', async () => {
      const lacking = host(slot("gpu's"));
      const { repair, found, status } = (await examined(lacking)).of('groups');
      expect([status, found]).toEqual(['fail', "there is no group gpu's"]);
      execFileSync('sh', ['-c', repair!]);
      expect((await examined(lacking)).of('groups').status).toBe('ok');
    });

    it('whose group runs two tasks at once, or any number, is told how to make it one', async () => {
      const two = (await examined(host(slot('two')))).of('groups');
      expect([two.status, two.found]).toEqual(['warn', 'group two runs 2 at once, for one slot']);
      expect(two.repair).toContain('parallel 1 -g two');
      expect((await examined(host(slot('many')))).of('groups')).toMatchObject({ status: 'fail' });
    });

    it('whose two equal slots share a group of two has nothing to repair', async () => {
      const slots = ['two.1', 'two.2'].map((name) => ({ name, queue: 'two', gpus: [], env: {} }));
      expect((await examined(host({ slots }))).of('groups').status).toBe('ok');
    });

    it('whose group is paused is told how to start it', async () => {
      const { repair, status } = (await examined(host(slot('held')))).of('groups');
      expect([status, repair]).toEqual(['fail', expect.stringContaining('start -g held')]);
    });

    it('whose client asks questions is warned', async () => {
      const config = join(rootForTest(), 'asks.yml');
      execFileSync('sh', [
        '-c',
        `sed 's/^client:.*/client:\\n  show_confirmation_questions: true/' "$1" > "$2"`,
        'sh',
        daemon.config,
        config,
      ]);
      const asking = host({ scheduler: { type: 'pueue', path: daemon.client, config } });
      const { status, repair } = (await examined(asking)).of('confirmation');
      expect(status).toBe('warn');
      execFileSync('sh', ['-c', repair!]);
      expect((await examined(asking)).of('confirmation').status).toBe('ok');
    });

    it('whose client cannot be found is told where one may be, and the rest is not checked', async () => {
      const report = await examined(host({ scheduler: { type: 'pueue', config: null, path: '/nowhere/pueue' } }));
      expect(report.of('pueue')).toMatchObject({ status: 'fail' });
      expect(report.of('not checked').found).toContain('groups');
    });

    it('whose configuration file is not there is told so', async () => {
      const report = await examined(
        host({ scheduler: { type: 'pueue', path: daemon.client, config: '/nowhere.yml' } }),
      );
      expect(report.of('pueue daemon')).toMatchObject({
        status: 'fail',
        found: expect.stringContaining('/nowhere.yml'),
      });
    });

    const other = PUEUE_VERSIONS.find((candidate) => candidate !== version)!;
    it.runIf(hasPueue(other))(`whose client is ${other} is told both versions`, async () => {
      const report = await examined(host({ scheduler: pueueOf(daemon, join(pueueBinaries(other), 'pueue')) }));
      const { status, found } = report.of('pueue daemon');
      expect(status).toBe('fail');
      expect(found).toContain(`the client is ${other} and the daemon is ${version}`);
    });

    it('whose daemon listens where this login does not look is told its configuration file', async () => {
      const folder = rootForTest();
      const config = join(folder, 'elsewhere.yml');
      execFileSync('sh', [
        '-c',
        `sed "s,unix_socket_path:.*,unix_socket_path: $3/p.sock," "$1" > "$2"`,
        'sh',
        daemon.config,
        config,
        folder,
      ]);
      const report = await examined(host({ scheduler: { type: 'pueue', path: daemon.client, config } }));
      const { status, found } = report.of('pueue daemon');
      expect([status, found]).toEqual(['fail', expect.stringContaining(daemon.config)]);
    });

    it('whose daemon is down is told how to start it, and the command does it', async () => {
      await daemon.end('SIGKILL');
      const { status, found, repair } = (await examined(host())).of('pueue daemon');
      // others of this machine may run, for other tests
      expect([status, found]).toEqual(['fail', expect.stringMatching(/^(it does not run$|none answers where )/)]);
      execFileSync('sh', ['-c', repair!.split('; or, ')[0]!], { stdio: 'ignore', timeout: 20_000 });
      try {
        await expect.poll(async () => (await examined(host())).of('pueue daemon').status).toBe('ok');
      } finally {
        await daemon.shutdown();
        await daemon.start();
      }
    });

    it('on which pueue was never used is told to start the daemon', async () => {
      const unused = host({ scheduler: { type: 'pueue', path: daemon.client, config: null } });
      const { status, found, repair } = (await examined(unused)).of('pueue daemon');
      // others of this machine may run, for other tests
      expect([status, found]).toEqual(['fail', expect.stringMatching(/^(it does not run$|none answers where )/)]);
      expect(repair).toMatch(/pueued -d|scheduler\.config/);
    });

    it('whose programs are not on the PATH of its logins has them named', async () => {
      const bin = rootForTest();
      const tools =
        'sh find grep xargs awk sed tr cut sort tail ln mv cp rm rmdir mkdir chmod cat readlink id uname date wc env df openssl setsid timeout ls';
      execFileSync('sh', ['-c', `for tool in ${tools}; do ln -s "$(command -v $tool)" "$1/$tool"; done`, 'sh', bin]);
      writeFileSync(join(bin, 'note'), '');
      chmodSync(bin, 0o755);
      const bare = await startSshd({ env: { PATH: bin } });
      try {
        const { status, found, repair } = (await examined(host({ transport: sshTo(bare) }))).of('tools');
        expect([status, found]).toEqual(['fail', `not on the PATH of its logins (${bin}): tar`]);
        expect(repair).toMatch(/^ssh -t -F \S+ hpc 'sudo apt-get install -y tar'$/);
      } finally {
        await bare.stop();
      }
    });
  });
}

import { afterAll, describe, expect } from 'vitest';

import { systemClock } from '../../src/daemon/clock.ts';
import { createDirectScheduler } from '../../src/scheduler/direct.ts';
import { createPueueScheduler } from '../../src/scheduler/pueue.ts';
import { createSshTransport } from '../../src/transport/ssh.ts';
import type { Transport } from '../../src/transport/transport.ts';
import { PUEUE_VERSIONS, hasPueue, startPueue } from '../lab/pueue.ts';
import { giveToSomebody } from '../lab/somebody.ts';
import { describeWithSshd, never, optionsFor } from '../lab/ssh-client.ts';
import { startSshd } from '../lab/sshd.ts';
import type { Sshd } from '../lab/sshd.ts';
import { createLab } from '../scheduler/lab.ts';
import type { Lab } from '../scheduler/lab.ts';
import { setUpBench } from './scheduler-bench.ts';
import type { SchedulerUnderTest } from './scheduler-bench.ts';
import { rightsContract } from './scheduler-rights.contract.ts';
import { bySomebody } from './scheduler-transports.ts';
import { unreadableContract } from './scheduler-unreadable.contract.ts';

/** A lab in which everything is done by an ordinary user. */
function somebodysLab(through?: Pick<Transport, 'run'>): Lab {
  const lab = createLab(undefined, through);
  giveToSomebody(lab.root);
  return {
    ...lab,
    transport: bySomebody(lab.transport),
    stage: (token) => {
      const directory = lab.stage(token);
      giveToSomebody(directory);
      return directory;
    },
  };
}

function direct(lab: Lab, close: () => Promise<void> = () => Promise.resolve()): SchedulerUnderTest {
  const { root, instance } = lab;
  return {
    lab,
    queue: null,
    scheduler: (options) =>
      createDirectScheduler({ transport: lab.transport, root, instance, host: 'host1', graceMs: 2_500, ...options }),
    quiesce: () => Promise.resolve(),
    close: async () => {
      await lab.close();
      await close();
    },
  };
}

describe('the scheduler direct of an ordinary user', () => {
  rightsContract(setUpBench(() => Promise.resolve(direct(somebodysLab()))));
});

describeWithSshd('the schedulers over OpenSSH', () => {
  let server: Promise<Sshd> | null = null;
  afterAll(async () => (await server)?.stop());
  async function connect() {
    const sshd = await (server ??= startSshd());
    const transport = createSshTransport({ ...optionsFor(sshd, { keepaliveMs: 10_000 }), clock: systemClock });
    expect(await transport.connect(never)).toEqual({ kind: 'connected' });
    return { transport, close: async () => transport.close() };
  }

  describe('direct of an ordinary user', () => {
    rightsContract(
      setUpBench(async () => {
        const { transport, close } = await connect();
        return direct(somebodysLab(transport), close);
      }),
    );
  });

  describe('direct', () => {
    unreadableContract(
      setUpBench(async () => {
        const { transport, close } = await connect();
        return direct(createLab(undefined, transport), close);
      }),
    );
  });

  for (const version of PUEUE_VERSIONS.filter(hasPueue).slice(0, 1)) {
    describe(`pueue ${version}`, () => {
      unreadableContract(
        setUpBench(async () => {
          const { transport, close } = await connect();
          const daemon = await startPueue(version, ['gpu0']);
          const lab = createLab(undefined, transport);
          const { root, instance } = lab;
          const queue = { config: daemon.config, path: daemon.client };
          return {
            lab,
            queue: 'gpu0',
            scheduler: (options) =>
              createPueueScheduler({
                transport: lab.transport,
                root,
                instance,
                host: 'host1',
                graceMs: 2_500,
                ...queue,
                ...options,
              }),
            quiesce: () => Promise.resolve(),
            close: async () => {
              await lab.close();
              await close();
              await daemon.close();
            },
          };
        }),
      );
    });
  }
});

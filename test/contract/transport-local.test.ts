import { systemClock } from '../../src/daemon/clock.ts';
import { createLocalTransport } from '../../src/transport/local.ts';
import { transportContract } from './transport.contract.ts';

transportContract('local', () =>
  Promise.resolve({ transport: createLocalTransport({ clock: systemClock }), close: () => Promise.resolve() }),
);

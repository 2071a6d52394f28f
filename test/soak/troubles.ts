import type { Hpc } from '../hpc/lab.ts';
import { whyMachineIsMissing } from '../lab/machine.ts';

/** Something that happens to the host, or to the line between us and it, and passes. */
export interface Trouble {
  readonly name: string;
  readonly begin: () => Promise<void> | void;
  readonly end: () => Promise<void> | void;
  /** What the queue had started, and no job had claimed yet, may be gone with it. */
  readonly losesTasks?: boolean;
}

export function troublesOf(hpc: Hpc): readonly Trouble[] {
  const queue: Trouble = {
    name: 'pueued killed',
    losesTasks: true,
    begin: () => hpc.queue.end('SIGKILL'),
    async end() {
      await hpc.queue.start();
      // a pueued that finds killed tasks pauses their groups, until an operator starts them
      await hpc.queue.pueue('start', '--all');
    },
  };
  return [queue, ...(whyMachineIsMissing() === null ? ofMachine(hpc) : ofProxy(hpc))];
}

function ofMachine(hpc: Hpc): readonly Trouble[] {
  const { network, machine } = hpc;
  const end = (): void => network.heal();
  return [
    { name: 'cut', begin: () => network.cut(), end },
    { name: 'black hole', begin: () => network.drop('all'), end },
    { name: 'lost replies', begin: () => network.drop('answers'), end },
    { name: 'reset', begin: () => network.reset(), end },
    { name: '20 % loss', begin: () => network.lose(20), end },
    { name: '256 kbit/s', begin: () => network.limit(256), end },
    { name: 'freeze', begin: () => machine.freeze(), end: () => machine.thaw() },
    { name: 'reboot', begin: () => machine.crash(), end: () => hpc.reboot(), losesTasks: true },
  ];
}

/** Where there can be no network of its own. */
function ofProxy({ proxy }: Hpc): readonly Trouble[] {
  const end = (): void => proxy.set({ stall: null, refuse: false });
  return [
    { name: 'black hole', begin: () => proxy.set({ stall: 'both' }), end },
    { name: 'lost replies', begin: () => proxy.set({ stall: 'down' }), end },
    {
      name: 'reset',
      begin() {
        proxy.set({ refuse: true });
        proxy.reset();
      },
      end,
    },
  ];
}

import { execFileSync } from 'node:child_process';

/**
 * A host of its own on the network: a namespace at the far end of a virtual cable. Needs root.
 *
 * Fails closed: the first thing that is made, and the last that is removed, is a route that says *unreachable*. Without
 * it, packets to the far end would leave by the default route as soon as our end of the cable is down.
 */
export interface Network {
  readonly address: string;
  /** The command in front of one that is to run there. */
  readonly prefix: readonly string[];
  /** The cable is out at the far end. */
  readonly cut: () => void;
  /** Our own end is down. */
  readonly cutNear: () => void;
  /** Packets vanish: all, or only what the far end answers. */
  readonly drop: (what: 'all' | 'answers') => void;
  readonly lose: (percent: number) => void;
  /** Every packet is answered by a reset. */
  readonly reset: () => void;
  /** A line of so many kbit/s, each way. */
  readonly limit: (kbitPerSecond: number) => void;
  readonly heal: () => void;
  readonly remove: () => void;
}

/** Why there can be none on this machine; null when there can. */
export function whyNetworkIsMissing(): string | null {
  if (process.getuid?.() !== 0) return 'network namespaces need root';
  try {
    for (const command of ['ip', 'nft', 'nsenter', 'tc']) execFileSync('which', [command], { stdio: 'ignore' });
    execFileSync('ip', ['netns', 'list'], { stdio: 'ignore' });
    execFileSync('unshare', ['--net', 'true'], { stdio: 'ignore' });
    return null;
  } catch {
    return 'no network namespaces here: apt-get install iproute2 nftables util-linux, in a container with NET_ADMIN and SYS_ADMIN';
  }
}

function ip(...args: readonly string[]): void {
  execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}

function tc(...args: readonly string[]): void {
  execFileSync('tc', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}

/** Test runs beside ours have taken some already. */
const MOST_TRIES = 50;

export function createNetwork(): Network {
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const number = Math.floor(Math.random() * 250) + 1;
    const net = `10.77.${number}`;
    try {
      ip('route', 'add', 'unreachable', `${net}.0/24`, 'metric', '4096');
    } catch {
      continue;
    }
    return networkOf(`mqi${number}`, net);
  }
  throw new Error('no free network among 10.77.1.0 to 10.77.250.0');
}

function networkOf(name: string, net: string): Network {
  const [near, far] = [`${name}n`, `${name}f`];
  const nft = (...words: readonly string[]): void => {
    execFileSync('ip', ['netns', 'exec', name, 'nft', words.join(' ')], { stdio: ['ignore', 'ignore', 'pipe'] });
  };
  const rules = (...lines: readonly string[]): void => {
    nft('add table inet fault');
    nft('flush table inet fault');
    nft('add chain inet fault in { type filter hook input priority 0; }');
    nft('add chain inet fault out { type filter hook output priority 0; }');
    for (const line of lines) nft(`add rule inet fault ${line}`);
  };
  const remove = (): void => {
    process.off('exit', remove);
    attempt(() => ip('link', 'del', near));
    attempt(() => ip('netns', 'del', name));
    attempt(() => ip('route', 'del', 'unreachable', `${net}.0/24`, 'metric', '4096'));
  };
  process.once('exit', remove);
  ip('netns', 'add', name);
  ip('link', 'add', near, 'type', 'veth', 'peer', 'name', far, 'netns', name);
  ip('addr', 'add', `${net}.1/24`, 'dev', near);
  ip('link', 'set', near, 'up');
  ip('-n', name, 'addr', 'add', `${net}.2/24`, 'dev', far);
  ip('-n', name, 'link', 'set', far, 'up');
  ip('-n', name, 'link', 'set', 'lo', 'up');
  return {
    address: `${net}.2`,
    prefix: ['nsenter', `--net=/run/netns/${name}`],
    cut: () => ip('-n', name, 'link', 'set', far, 'down'),
    cutNear: () => ip('link', 'set', near, 'down'),
    drop: (what) => rules(...(what === 'all' ? [`in iif ${far} drop`] : []), `out oif ${far} drop`),
    lose: (percent) =>
      rules(
        `in iif ${far} numgen random mod 100 < ${percent} drop`,
        `out oif ${far} numgen random mod 100 < ${percent} drop`,
      ),
    reset: () => rules(`in iif ${far} meta l4proto tcp reject with tcp reset`),
    limit(kbitPerSecond) {
      // as much in flight as a slow router keeps: less, and the line loses packets instead of time
      const bucket = ['tbf', 'rate', `${kbitPerSecond}kbit`, 'burst', '4kb', 'latency', '400ms'];
      tc('qdisc', 'replace', 'dev', near, 'root', ...bucket);
      tc('-n', name, 'qdisc', 'replace', 'dev', far, 'root', ...bucket);
    },
    heal() {
      attempt(() => nft('delete table inet fault'));
      attempt(() => tc('qdisc', 'del', 'dev', near, 'root'));
      attempt(() => tc('-n', name, 'qdisc', 'del', 'dev', far, 'root'));
      ip('link', 'set', near, 'up');
      ip('-n', name, 'link', 'set', far, 'up');
    },
    remove,
  };
}

function attempt(work: () => void): void {
  try {
    work();
  } catch {
    // it is not there (any more)
  }
}

import { execFile } from 'node:child_process';
import { homedir, userInfo } from 'node:os';

import { DEFAULT_PORT } from './known-hosts.ts';
import { hopOf, parseSshConfig, settingOf, unsupportedIn } from './ssh-config.ts';
import type { Hop, SshConfig, Unsupported } from './ssh-config.ts';
import type { SshOptions } from './ssh-options.ts';
import { sshWords } from './ssh-words.ts';

/** The way to a host: jump hosts in order, the host itself last. */
export interface Route {
  readonly hops: readonly [...Hop[], Hop];
  readonly unsupported: readonly Unsupported[];
}

export type RouteOutcome =
  | { readonly kind: 'resolved'; readonly route: Route }
  | { readonly kind: 'failed'; readonly reason: string; readonly unsupported: readonly Unsupported[] };

/** What `ssh -G` said; `absent` when there is no `ssh` on this machine. */
export type SshAnswer =
  | { readonly kind: 'answered'; readonly text: string }
  | { readonly kind: 'absent' }
  | { readonly kind: 'failed'; readonly reason: string };

export type AskSsh = (args: readonly string[], signal: AbortSignal) => Promise<SshAnswer>;

/** More jumps than this are a loop in the config. */
const MOST_HOPS = 8;
/** `ssh -G` prints about 6 kB. */
const ANSWER_LIMIT_BYTES = 1024 * 1024;

export const askSsh: AskSsh = (args, signal) =>
  new Promise((resolve) => {
    const options = { encoding: 'utf8' as const, signal, maxBuffer: ANSWER_LIMIT_BYTES };
    execFile('ssh', args, options, (error, stdout, stderr) => {
      if (error === null) return resolve({ kind: 'answered', text: stdout });
      if (error.code === 'ENOENT') return resolve({ kind: 'absent' });
      const said = stderr.trim().split('\n').pop() ?? '';
      resolve({ kind: 'failed', reason: signal.aborted ? `ssh -G: ${String(signal.reason)}` : said || error.message });
    });
  });

/** Resolves the host of the options through the user's ssh config; what the options say themselves wins. */
export async function resolveRoute(
  options: SshOptions,
  signal: AbortSignal,
  ask: AskSsh = askSsh,
): Promise<RouteOutcome> {
  const unsupported: Unsupported[] = [];
  const config = async ({ host: name, user, port }: Jump, viaJump: boolean): Promise<SshConfig> => {
    const args = sshArguments(name, user, port, options.configFile);
    const answer = await ask(args, signal);
    if (answer.kind === 'absent') throw new NoSsh();
    if (answer.kind === 'failed') throw new Error(`${answer.reason} (try: ssh ${args.join(' ')})`);
    const parsed = parseSshConfig(answer.text);
    unsupported.push(...unsupportedIn(parsed, name, viaJump));
    return parsed;
  };
  const typed = ({ host, user, port }: Jump): string =>
    wordsAfterSsh({ host, user, port, configFile: options.configFile, identity: null, knownHosts: null });
  /** The hops up to and with one that is reached by its own config. */
  const hopsTo = async (jump: Jump, depth: number): Promise<Hop[]> => {
    if (depth > MOST_HOPS) throw new Error(`ProxyJump of ${options.host} goes in a circle, or over ${MOST_HOPS} hosts`);
    const own = await config(jump, false);
    const [first, ...others] = parseJumps(settingOf(own, 'proxyjump') ?? '');
    if (first === undefined) return [hopOf(own, jump.host, typed(jump))];
    const hops = await hopsTo(first, depth + 1);
    // as with `ssh -J`: only the first of a list is reached by its own config, the others through the one before
    for (const other of others) hops.push(hopOf(await config(other, true), other.host, typed(other)));
    return [...hops, hopOf(own, jump.host, typed(jump))];
  };
  try {
    const hops = await hopsTo(options, 1);
    const target = withOptions(hops.pop()!, options);
    const route: Route = { hops: [...hops.map((hop) => withAgent(hop, options)), target], unsupported };
    const obstacle = unsupported.find(({ prevents }) => prevents);
    if (obstacle !== undefined) return { kind: 'failed', reason: explainUnsupported(obstacle), unsupported };
    return { kind: 'resolved', route };
  } catch (error) {
    if (error instanceof NoSsh) return plainRoute(options);
    return { kind: 'failed', reason: error instanceof Error ? error.message : String(error), unsupported };
  }
}

class NoSsh extends Error {}

function wordsAfterSsh(options: Parameters<typeof sshWords>[0]): string {
  return sshWords(options).replace(/^ssh /, '');
}

export function explainUnsupported({ what, instead }: Unsupported): string {
  return `not supported: ${what}. Instead: ${instead}`;
}

/** -T: no terminal is wanted, and `ssh -G` need not say so. */
function sshArguments(name: string, user: string | null, port: number | null, file: string | null): string[] {
  return [
    '-T',
    '-G',
    ...(file === null ? [] : ['-F', file]),
    ...(user === null ? [] : ['-l', user]),
    ...(port === null ? [] : ['-p', String(port)]),
    '--',
    name,
  ];
}

function withAgent(hop: Hop, { agent }: SshOptions): Hop {
  return agent ? hop : { ...hop, agentSocket: null };
}

function withOptions(hop: Hop, options: SshOptions): Hop {
  return {
    ...withAgent(hop, options),
    typed: wordsAfterSsh(options),
    ...(options.identity === null ? {} : { identities: [options.identity], identitiesOnly: true }),
    ...(options.knownHosts === null ? {} : { knownHosts: [options.knownHosts] }),
  };
}

/** Without an `ssh` nobody reads the ssh config: enough only when the options say everything themselves. */
function plainRoute(options: SshOptions): RouteOutcome {
  const { host, port, user, identity, knownHosts, configFile } = options;
  if (configFile !== null || user === null || identity === null) {
    const missing = [user === null ? 'user' : '', identity === null ? 'identity' : ''].filter((key) => key !== '');
    return {
      kind: 'failed',
      unsupported: [],
      reason:
        `there is no \`ssh\` on this machine to read the ssh config with. Install it (openssh-client), or ` +
        (configFile === null
          ? `set ${missing.join(' and ')} for this host`
          : `remove config_file and set host, user and identity`),
    };
  }
  const hop: Hop = {
    name: host,
    typed: wordsAfterSsh(options),
    host,
    port: port ?? DEFAULT_PORT,
    user: user ?? userInfo().username,
    family: 0,
    bindAddress: null,
    identities: [identity],
    identitiesOnly: true,
    agentSocket: process.env['SSH_AUTH_SOCK'] ?? null,
    hostKeyAlias: null,
    knownHosts: knownHosts === null ? [`${homedir()}/.ssh/known_hosts`, '/etc/ssh/ssh_known_hosts'] : [knownHosts],
  };
  return { kind: 'resolved', route: { hops: [withAgent(hop, options)], unsupported: [] } };
}

export interface Jump {
  readonly user: string | null;
  readonly host: string;
  readonly port: number | null;
}

/** `[user@]host[:port]` or `ssh://…`, with commas between; an IPv6 address with a port stands in brackets. */
export function parseJumps(text: string): readonly Jump[] {
  return text
    .split(',')
    .map((jump) =>
      jump
        .trim()
        .replace(/^ssh:\/\//, '')
        .replace(/\/$/, ''),
    )
    .filter((jump) => jump !== '')
    .map((jump) => {
      const at = jump.lastIndexOf('@');
      const place = jump.slice(at + 1);
      const match = /^\[([^\]]+)\](?::(\d+))?$/.exec(place) ?? /^([^:]+):(\d+)$/.exec(place);
      return {
        user: at < 0 ? null : jump.slice(0, at),
        host: match?.[1] ?? place,
        port: match?.[2] === undefined ? null : Number(match[2]),
      };
    });
}

import { gatherCredentials } from './ssh-auth.ts';
import type { Hop, Unsupported } from './ssh-config.ts';
import { NO_NATIVE_CRYPTO, hasNativeCrypto } from './ssh-crypto.ts';
import { HostKeyCheck } from './ssh-host-key.ts';
import { passphraseOf } from './ssh-keys.ts';
import type { SshEnvironment, SshOptions } from './ssh-options.ts';
import { resolveRoute } from './ssh-route.ts';

/** What `mqi doctor` shows of the way to a host, found out without connecting to it. */
export interface SshInspection {
  /** Jump hosts in order, the host itself last; none when the way could not be found out. */
  readonly hops: readonly HopInspection[];
  readonly unsupported: readonly Unsupported[];
  /** What keeps it from connecting, or slows it down, as far as can be seen from here. */
  readonly problems: readonly string[];
}

export interface HopInspection {
  readonly name: string;
  /** `user@host:port` */
  readonly place: string;
  /** The keys that are tried, in order. */
  readonly keys: readonly string[];
  /** Those that are not, each with the reason. */
  readonly leftOut: readonly string[];
  readonly knownHosts: readonly string[];
  /** Types of the host keys that are recorded there; none means that the host is refused. */
  readonly recordedKeys: readonly string[];
}

export async function inspectSsh(
  options: SshOptions,
  { clock }: SshEnvironment,
  signal: AbortSignal,
): Promise<SshInspection> {
  const problems = hasNativeCrypto() ? [] : [NO_NATIVE_CRYPTO];
  const resolved = await resolveRoute(options, signal);
  if (resolved.kind === 'failed') {
    return { hops: [], unsupported: resolved.unsupported, problems: [...problems, resolved.reason] };
  }
  const passphrase = await passphraseOf(options).catch((error: unknown) => {
    problems.push(error instanceof Error ? error.message : String(error));
    return null;
  });
  const hops: HopInspection[] = [];
  const unsupported = [...resolved.route.unsupported];
  for (const hop of resolved.route.hops) {
    const credentials = await gatherCredentials(hop, passphrase, clock);
    const hostKey = await HostKeyCheck.of(hop);
    unsupported.push(...credentials.unsupported, ...unsupportedAuthority(hop, hostKey));
    if (credentials.keys.length === 0) problems.push(`${hop.name}: there is no key to log in with`);
    if (hostKey.recorded.size === 0)
      problems.push(`${hop.name}: no host key is recorded in ${hop.knownHosts.join(', ')}`);
    hops.push({
      name: hop.name,
      place: `${hop.user}@${hop.host}:${hop.port}`,
      keys: credentials.keys.map(({ label }) => label),
      leftOut: credentials.leftOut,
      knownHosts: hop.knownHosts,
      recordedKeys: [...hostKey.recorded],
    });
  }
  return { hops, unsupported, problems };
}

function unsupportedAuthority(hop: Hop, { authority, recorded }: HostKeyCheck): readonly Unsupported[] {
  if (authority === null) return [];
  return [
    {
      what: `host certificates of ${hop.name} (@cert-authority in ${authority.file}:${authority.line})`,
      instead: `the host's own key in ${hop.knownHosts[0] ?? '~/.ssh/known_hosts'}: its line is named where it is refused`,
      prevents: recorded.size === 0,
    },
  ];
}

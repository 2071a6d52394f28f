import { dirname } from 'node:path';
import { pathToFileURL } from 'node:url';

import type { Config } from '../../config/config.ts';

/** Where systemd lays what `LoadCredential=` names, and where it takes it from. */
const CREDENTIALS = '/run/credentials/mqi.service/';
const CREDENTIALS_FROM = '/etc/mqi/credentials/';

/** What a unit file needs beside the configuration. */
export interface UnitPlace {
  readonly user: string;
  /** The program, word by word: `[node, mqi.js]`. */
  readonly program: readonly string[];
  /** Where the guide for operators lies. */
  readonly guide: string;
}

/** The unit file `mqi.service` for one installation; docs/operations.md explains it line by line. */
export function unitOf(config: Config & { readonly file: string }, place: UnitPlace): string {
  const localRoots = config.hosts.filter((host) => host.transport.type === 'local').map((host) => host.root);
  const written = unique([dirname(config.database), config.results, ...localRoots]);
  const command = [...place.program, 'run', '--config', config.file];
  const own = runsJobs(config) ? FOR_JOBS : SEALED;
  return `# mqi.service, made by: mqi service print. Every line is explained in docs/operations.md, "As a service".
[Unit]
Description=mqi-communicator: cases to GPU hosts, verified results back
Documentation=${word(pathToFileURL(place.guide).href)}
Wants=network-online.target
After=network-online.target
RequiresMountsFor=${unique([config.watch.path, ...written])
    .map(word)
    .join(' ')}
StartLimitIntervalSec=0

[Service]
Type=notify
NotifyAccess=all
User=${place.user}
WorkingDirectory=${path(dirname(config.file))}
ExecStart=${command.map((text) => word(text.replaceAll('$', '$$$$'))).join(' ')}
UMask=0027
Restart=always
RestartSec=5s
RestartPreventExitStatus=78
WatchdogSec=2min
TimeoutStartSec=15min
TimeoutStopSec=1min
${own.kill}
${credentialsOf(config)
  .map((name) => `LoadCredential=${name}:${CREDENTIALS_FROM}${name}\n`)
  .join('')}
NoNewPrivileges=yes
ProtectSystem=strict
ReadWritePaths=${written.map(word).join(' ')}
ProtectHome=read-only
CapabilityBoundingSet=
AmbientCapabilities=
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
LockPersonality=yes
RestrictSUIDSGID=yes
RestrictRealtime=yes
SystemCallArchitectures=native
${own.sandbox}

[Install]
WantedBy=multi-user.target
`;
}

/** Jobs of a local host without a queue are our own children: they live in the unit, and in its sandbox. */
export function runsJobs(config: Config): boolean {
  return config.hosts.some((host) => host.transport.type === 'local' && host.scheduler.type === 'direct');
}

/** A stop ends the daemon alone; its jobs go on, with their temporary files and their GPU. */
const FOR_JOBS = {
  kill: `# jobs of a local host are children of the daemon: only the daemon itself is ended, and a job that is ended for want of
# memory does not take it along
KillMode=process
OOMPolicy=continue`,
  sandbox: `# not PrivateTmp (it goes with each restart, under the jobs' feet), PrivateDevices (GPUs), SystemCallFilter or address
# families: jobs run in this sandbox too`,
} as const;

const SEALED = {
  kill: 'KillMode=mixed',
  sandbox: `PrivateTmp=yes
PrivateDevices=yes
RestrictNamespaces=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM`,
} as const;

/** Names of the secrets that the configuration expects from systemd. */
function credentialsOf({ hosts, web, notify }: Config): readonly string[] {
  const files = [
    ...hosts.flatMap(({ transport }) =>
      transport.type === 'ssh' ? [transport.identity, transport.passphraseFile, transport.knownHosts] : [],
    ),
    web.tokenFile,
    ...notify.sinks.flatMap((sink) =>
      sink.type === 'webhook' ? [sink.secretFile] : sink.type === 'email' ? [sink.login?.passwordFile ?? null] : [],
    ),
  ];
  const ours = files.filter((file) => file?.startsWith(CREDENTIALS) === true) as string[];
  return unique(ours.map((file) => file.slice(CREDENTIALS.length))).filter((name) => /^[A-Za-z0-9._-]+$/.test(name));
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}

/** One word of a list or a command line: `%` is systemd's own, and so are quotes and backslashes. */
function word(text: string): string {
  const plain = path(text);
  return /[\s"'\\;]/.test(plain) ? `"${plain.replaceAll(/["\\]/g, String.raw`\$&`)}"` : plain;
}

/** A value that is one path, to the end of its line. */
function path(text: string): string {
  return text.replaceAll('%', '%%');
}

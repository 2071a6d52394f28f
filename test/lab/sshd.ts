import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { accessSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

import { descendantsOf, endTree, isRunning, signal } from './processes.ts';
import type { Process } from './processes.ts';

/** A private OpenSSH server on loopback, with keys, known_hosts and ssh_config of its own. No root needed. */
export interface Sshd {
  readonly host: string;
  readonly port: number;
  /** Everything of this server lies here, and is deleted by `stop`. */
  readonly dir: string;
  /** `HOME` of the commands. Only `.bashrc` of it is read, which is empty unless given. */
  readonly home: string;
  readonly user: string;
  readonly clientKey: string;
  readonly knownHosts: string;
  /** Has one `Host hpc`. */
  readonly configFile: string;
  readonly log: () => string;
  /** The processes of its logins: sshd's own and the commands they run. */
  readonly sessions: () => readonly Process[];
  /** Sends a signal to the listener, or to all processes of its logins. */
  readonly kill: (name: NodeJS.Signals, whom: 'listener' | 'sessions') => void;
  /** Makes a new host key, as a reinstalled (or a false) host would have it. The listener starts again on its port. */
  readonly replaceHostKey: () => Promise<void>;
  /** Ends the listener; running logins go on. */
  readonly stopListening: () => Promise<void>;
  readonly startListening: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

export interface SshdSettings {
  /** Lines of sshd_config; they come first, and for sshd the first one counts. */
  readonly config?: readonly string[];
  /** Environment of the commands. */
  readonly env?: Readonly<Record<string, string>>;
  readonly bashrc?: string;
  /** Types of host key that the server has. */
  readonly hostKeys?: readonly ('ed25519' | 'ecdsa' | 'rsa')[];
  /** Where it listens, and the command in front of sshd: for a server in a network namespace. */
  readonly address?: string;
  readonly port?: number;
  readonly prefix?: readonly string[];
}

const SSHD = '/usr/sbin/sshd';

/** Why there can be no server on this machine, and what to type; null when there can. */
export function whySshdIsMissing(): string | null {
  try {
    accessSync(SSHD);
    return null;
  } catch {
    return 'no /usr/sbin/sshd: apt-get install -y --no-install-recommends openssh-server';
  }
}

export async function startSshd(settings: SshdSettings = {}): Promise<Sshd> {
  const dir = mkdtempSync(join(tmpdir(), 'mqi-sshd-'));
  const home = join(dir, 'home');
  mkdirSync(home);
  writeFileSync(join(home, '.bashrc'), settings.bashrc ?? '');
  const host = settings.address ?? '127.0.0.1';
  const port = settings.port ?? (await freePort());
  const user = userInfo().username;
  const hostKeys = settings.hostKeys ?? ['ed25519'];
  for (const type of hostKeys) makeKey(join(dir, `host_${type}`), type);
  const clientKey = join(dir, 'client_ed25519');
  makeKey(clientKey, 'ed25519');
  writeFileSync(join(dir, 'authorized_keys'), readFileSync(`${clientKey}.pub`));
  const knownHosts = join(dir, 'known_hosts');
  const configFile = join(dir, 'ssh_config');
  writeKnownHosts(knownHosts, dir, `[${host}]:${port}`, hostKeys);
  writeFileSync(configFile, clientConfig('hpc', { host, port, user, clientKey, knownHosts }));
  writeFileSync(join(dir, 'sshd_config'), serverConfig(settings, { dir, home, host, port, user, hostKeys }));
  // hard-coded in Debian's sshd, which needs it when it runs as root
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true });

  let listener: ChildProcess | null = null;
  let log = '';
  const logins = new Map<number, Process>();
  const startListening = async (): Promise<void> => {
    listener = await listen(dir, settings.prefix ?? [], (text) => (log += text));
  };
  const note = (): readonly Process[] => {
    const running = [...logins.values()].filter(isRunning);
    const roots = [listener?.pid, ...running.map(({ pid }) => pid)].filter((pid) => pid !== undefined);
    logins.clear();
    for (const login of [...running, ...roots.flatMap(descendantsOf)]) logins.set(login.pid, login);
    return [...logins.values()];
  };
  const stopListening = async (): Promise<void> => {
    note();
    const child = listener;
    listener = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGCONT');
    child.kill('SIGTERM');
    await ended;
  };
  const cleanUp = (): void => {
    for (const login of note()) endTree(login);
    listener?.kill('SIGKILL');
  };
  process.once('exit', cleanUp);
  await startListening();

  return {
    host,
    port,
    dir,
    home,
    user,
    clientKey,
    knownHosts,
    configFile,
    log: () => log,
    sessions: note,
    kill(name, whom) {
      if (whom === 'listener') listener?.kill(name);
      else for (const login of note()) signal(login, name);
    },
    async replaceHostKey() {
      await stopListening();
      for (const type of hostKeys) {
        rmSync(join(dir, `host_${type}`));
        makeKey(join(dir, `host_${type}`), type);
      }
      await startListening();
    },
    stopListening,
    startListening,
    async stop() {
      process.off('exit', cleanUp);
      await stopListening();
      for (const login of note()) endTree(login);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** A private key without a passphrase, and its `.pub` beside it. */
export function makeKey(path: string, type: 'ed25519' | 'ecdsa' | 'rsa', passphrase = ''): void {
  // small, and few rounds for the passphrase: a test waits for it
  const size = type === 'rsa' ? ['-b', '2048'] : [];
  execFileSync('ssh-keygen', ['-q', '-t', type, ...size, '-a', '2', '-N', passphrase, '-C', `${type} key`, '-f', path]);
}

export function writeKnownHosts(file: string, dir: string, name: string, types: readonly string[]): void {
  const lines = types.map((type) => {
    const [keyType, key] = readFileSync(join(dir, `host_${type}.pub`), 'utf8').split(' ');
    return `${name} ${keyType} ${key}\n`;
  });
  writeFileSync(file, lines.join(''));
}

interface ClientPlaces {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly clientKey: string;
  readonly knownHosts: string;
}

/** One `Host` block; `more` are further lines of it. */
export function clientConfig(name: string, places: ClientPlaces, more: readonly string[] = []): string {
  const lines = [
    `HostName ${places.host}`,
    `Port ${places.port}`,
    `User ${places.user}`,
    `IdentityFile ${places.clientKey}`,
    'IdentitiesOnly yes',
    `UserKnownHostsFile ${places.knownHosts}`,
    'GlobalKnownHostsFile /dev/null',
    'StrictHostKeyChecking yes',
    'BatchMode yes',
    ...more,
  ];
  return `Host ${name}\n${lines.map((line) => `  ${line}\n`).join('')}`;
}

interface ServerPlaces {
  readonly dir: string;
  readonly home: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly hostKeys: readonly string[];
}

function serverConfig({ config = [], env = {} }: SshdSettings, places: ServerPlaces): string {
  const { dir, home, host, port, user, hostKeys } = places;
  const environment = Object.entries({ HOME: home, ...env }).map(([name, value]) => `"${name}=${value}"`);
  const own = [
    `ListenAddress ${host}:${port}`,
    ...hostKeys.map((type) => `HostKey ${join(dir, `host_${type}`)}`),
    'PidFile none',
    `AuthorizedKeysFile ${join(dir, 'authorized_keys')}`,
    'StrictModes no',
    'UsePAM no',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'PubkeyAuthentication yes',
    'PermitRootLogin prohibit-password',
    `AllowUsers ${user}`,
    'UseDNS no',
    'PrintMotd no',
    'PrintLastLog no',
    'LogLevel VERBOSE',
    `SetEnv ${environment.join(' ')}`,
  ];
  const subsystem = config.some((line) => /^subsystem/i.test(line)) ? [] : ['Subsystem sftp internal-sftp'];
  return [...config, ...own, ...subsystem].map((line) => `${line}\n`).join('');
}

/** In the foreground as our child: no pid file, and no zombie that waits for somebody else. */
function listen(dir: string, prefix: readonly string[], onLog: (text: string) => void): Promise<ChildProcess> {
  const command = [...prefix, SSHD, '-D', '-e', '-f', join(dir, 'sshd_config')];
  const child = spawn(command[0]!, command.slice(1), { stdio: ['ignore', 'ignore', 'pipe'] });
  let seen = '';
  return new Promise((resolve, reject) => {
    child.stderr.setEncoding('utf8');
    child.stderr.on('data', (text: string) => {
      seen += text;
      onLog(text);
      if (seen.includes('Server listening on')) resolve(child);
    });
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`sshd ended with ${String(code)}: ${seen}`)));
  });
}

export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

#!/usr/bin/env bash
# WHAT: sshd carries out the "signal" request of the SSH protocol (RFC 4254, 6.9): TERM goes to the process group of the
#       command, which can catch it and end with a code of its own. For a login as *root* it does nothing, and says so
#       only in its own debug log: the command runs on to its end, and the client is told nothing.
# VERSION: OpenSSH 9.2p1 (Debian 12), ssh2 1.17.0
# SOURCE: run on 2026-12-01
# WHY IT MATTERS: the usual lore is that sshd ignores signals; it has not for years, so a transfer can be ended cleanly,
#       and its channel given back, without closing the connection. But whoever tests as root sees nothing of it, and
#       whoever relies on it needs another way for hosts that are logged in to as root.
# Needs: root (it makes a user for the time), openssh-server, openssh-client, node >= 20, npm.
set -u
PATH=$PATH:/usr/sbin:/sbin
[ "$(id -u)" = 0 ] || { echo 'this one needs root'; exit 2; }
for tool in sshd ssh-keygen; do command -v "$tool" > /dev/null || { echo 'missing Debian packages: openssh-server openssh-client'; exit 2; }; done
command -v npm > /dev/null || { echo 'missing: npm'; exit 2; }
folder=$(mktemp -d /tmp/finding-sshd.XXXXXX) || exit 2
user=finding$$
finish() {
  [ -s "$folder/sshd.pid" ] && kill "$(cat "$folder/sshd.pid")" 2> /dev/null
  userdel "$user" 2> /dev/null
  rm -rf "$folder"
}
trap finish EXIT
chmod 755 "$folder"
cd "$folder" || exit 2
mkdir -p /run/sshd
useradd -M -d "$folder" -s /bin/sh -p '*' "$user" || exit 2
ssh-keygen -q -t ed25519 -N '' -f host && ssh-keygen -q -t ed25519 -N '' -f key || exit 2
cp key.pub authorized && chmod 644 authorized
port=$(node -e 's=require("net").createServer().listen(0,"127.0.0.1",()=>{console.log(s.address().port);s.close()})') || exit 2
cat > sshd_config << CONF
ListenAddress 127.0.0.1:$port
HostKey $folder/host
PidFile $folder/sshd.pid
AuthorizedKeysFile $folder/authorized
StrictModes no
UsePAM no
PasswordAuthentication no
PermitRootLogin prohibit-password
LogLevel DEBUG1
CONF
"$(command -v sshd)" -f "$folder/sshd_config" -E "$folder/log" || exit 2
echo '{ "type": "module", "private": true }' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts ssh2@1.17.0 > npm.log 2>&1 || { tail -n 5 npm.log; exit 2; }
cat > run.js << 'JS'
import { readFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import ssh2 from 'ssh2';
const [, , port, username] = process.argv;
const host = readFileSync('host.pub', 'utf8').split(' ')[1];
const client = new ssh2.Client();
client.on('ready', () => {
  client.exec('trap "echo caught; exit 7" TERM; echo ready; sleep 3 & wait; echo "ran on"', (error, stream) => {
    if (error) throw error;
    let said = '';
    stream.on('data', (data) => {
      said += data;
      if (said === 'ready\n') stream.signal('TERM');
    });
    stream.stderr.resume();
    stream.on('exit', (code) => console.log(`${said.trim().split('\n').join(', ')}: exit ${code}`));
    stream.on('close', () => client.end());
  });
});
client.on('error', (error) => console.log(error.message));
const wanted = createHash('sha256').update(Buffer.from(host, 'base64')).digest('hex');
client.connect({
  host: '127.0.0.1', port: Number(port), username, privateKey: readFileSync('key'),
  hostHash: 'sha256', hostVerifier: (hash) => hash === wanted,
});
JS
ssh -V 2>&1
other=$(node run.js "$port" "$user"); root=$(node run.js "$port" root)
printf 'an ordinary user: %s\nroot: %s\n' "$other" "$root"
grep -oE 'session_signal_req: .*|session signalling requires.*' log
[ "$other" = 'ready, caught: exit 7' ] && [ "$root" = 'ready, ran on: exit 0' ] || { echo CHANGED; exit 1; }
echo 'as found'

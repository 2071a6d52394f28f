#!/bin/sh
# WHAT: `process.exit()` of Node does not end a process while a call for a file hangs in its thread pool (a dead file
#       server; here the open of a FIFO that nobody writes to): it runs the `exit` handlers, then joins the threads, and
#       so waits for ever. So does the end of the event loop. The default action of a signal ends the process at once
#       (`process.removeAllListeners('SIGTERM'); process.kill(process.pid, 'SIGTERM')`), and
#       `process.getActiveResourcesInfo()` says beforehand that a call is under way (`FSReqPromise`, `FSReqCallback`).
# VERSION: node 22.12.0 (npm: node@22.12.0); 20.20.2 does the same
# SOURCE: run on 2026-12-01
# WHY IT MATTERS: a daemon that has committed everything and calls process.exit(0) after SIGTERM hangs until systemd
#       kills it (TimeoutStopSec, then SIGKILL and a failed unit) whenever one read waits for a file server.
# Needs: npm, timeout(1), mkfifo(1).
set -u
for tool in npm timeout mkfifo; do command -v "$tool" > /dev/null || { echo "missing: $tool"; exit 2; }; done
folder=$(mktemp -d) || exit 2
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 2
echo '{ "private": true }' > package.json
npm install --silent --no-audit --no-fund node@22.12.0 > npm.log 2>&1 || { tail -n 5 npm.log; exit 2; }
node=$folder/node_modules/node/bin/node
[ -x "$node" ] || { echo "no binary of node 22.12.0 for this system"; exit 2; }
"$node" --version
mkfifo fifo

changed=0
try() { # WHAT EXPECTED_STATUS SCRIPT
  timeout -s KILL 5 "$node" -e "require('node:fs').promises.open('fifo', 'r').catch(() => {}); $3" > out 2>&1
  status=$?
  echo "$1: status $status, said: $(tr '\n' ' ' < out)"
  [ "$status" -eq "$2" ] || changed=1
}

try 'process.exit(0), killed by timeout after 5 s' 137 \
  "process.on('exit', () => console.log('exit handlers ran')); setTimeout(() => process.exit(0), 200)"
try "the default action of SIGTERM" 143 \
  "console.log(process.getActiveResourcesInfo().filter((name) => name.startsWith('FSReq')).join());
   process.on('SIGTERM', () => {});
   setTimeout(() => { process.removeAllListeners('SIGTERM'); process.kill(process.pid, 'SIGTERM') }, 200)"
exit "$changed"

#!/bin/sh
# WHAT: `process.env.UV_THREADPOOL_SIZE = '16'` in the first line of an ES module has no effect in Node 20 and 22: the
#       loader itself has read the module through the thread pool, which takes its size at its first use. In a CommonJS
#       module the same line works, and in Node 24 it works in an ES module too. In each, the variable of the
#       environment works when it is set before the start.
# VERSION: node 20.20.2, 22.12.0 and 24.11.0 (npm: node@VERSION)
# SOURCE: run on 2026-12-01
# WHY IT MATTERS: a program that is an ES module cannot give itself more threads for files than four, so that four calls
#       to a dead file server stop all of its work with files; it has to bound what it asks for.
# Needs: npm, mkfifo(1), timeout(1).
set -u
for tool in npm timeout mkfifo; do command -v "$tool" > /dev/null || { echo "missing: $tool"; exit 2; }; done
folder=$(mktemp -d) || exit 2
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 2
mkfifo fifo

body='
process.env.UV_THREADPOOL_SIZE ??= "16";
for (let call = 0; call < 10; call += 1) fs.open("fifo", "r").catch(() => {});
const end = (said) => { console.log(said); process.kill(process.pid, "SIGKILL"); };
setTimeout(() => end("stuck"), 1500);
fs.readFile("module.mjs").then(() => end("read"));'
{ echo 'import { promises as fs } from "node:fs";'; echo "$body"; } > module.mjs
{ echo 'const { promises: fs } = require("node:fs");'; echo "$body"; } > module.cjs

changed=0
try() { # VERSION FILE EXPECTED [VARIABLE=VALUE]
  said=$(env ${4:+"$4"} timeout -s KILL 10 "$folder/$1/node_modules/node/bin/node" "$2" 2> /dev/null)
  echo "node $1, $2${4:+, $4 before the start}: $said"
  [ "$said" = "$3" ] || changed=1
}

for version in 20.20.2 22.12.0 24.11.0; do
  mkdir "$version"
  echo '{ "private": true }' > "$version/package.json"
  (cd "$version" && npm install --silent --no-audit --no-fund "node@$version" > npm.log 2>&1)
  [ -x "$version/node_modules/node/bin/node" ] || { echo "no binary of node $version for this system"; exit 2; }
  case $version in 24.*) module=read ;; *) module=stuck ;; esac
  try "$version" module.mjs "$module"
  try "$version" module.cjs read
  try "$version" module.mjs read UV_THREADPOOL_SIZE=16
done
exit "$changed"

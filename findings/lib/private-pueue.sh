# A pueue daemon for as long as the script runs that reads this file: own folder, own socket. Sets `folder` (removed at
# the end), and defines `p`, the client, and `tasks`, a line for each task.
version=${PUEUE_VERSION:-4.0.4}
folder=$(mktemp -d /tmp/finding-pueue.XXXXXX) || exit 2
stop_pueue() {
  p shutdown > /dev/null 2>&1
  rm -rf "$folder"
}
trap stop_pueue EXIT
bin=${MQI_LAB:-/var/cache/mqi-lab}/pueue-$version/bin
if [ ! -x "$bin/pueued" ]; then
  command -v cargo > /dev/null || { echo 'missing: cargo'; exit 2; }
  echo "building pueue $version (about two minutes)"
  cargo install pueue --version "$version" --locked --quiet --root "$folder/pueue" || exit 2
  bin=$folder/pueue/bin
fi
command -v python3 > /dev/null || { echo 'missing: python3'; exit 2; }
cat > "$folder/pueue.yml" << CONF
shared:
  pueue_directory: $folder
  use_unix_socket: true
  unix_socket_path: $folder/socket
  runtime_directory: $folder
CONF
p() { "$bin/pueue" -c "$folder/pueue.yml" "$@"; }
tasks() { # id, label, created_at, group, status
  p status --json | python3 -c '
import json, sys
for key, task in json.load(sys.stdin)["tasks"].items():
    status = task["status"]
    word = status if isinstance(status, str) else next(iter(status))
    print(key, task["label"], task["created_at"], task["group"], word)'
}
cd "$folder" || exit 2
"$bin/pueued" -c "$folder/pueue.yml" -d > /dev/null 2>&1
for _ in $(seq 50); do p status > /dev/null 2>&1 && break; sleep 0.1; done
p status > /dev/null || { echo 'pueued does not come up'; exit 2; }
p --version

#!/usr/bin/env bash
# WHAT: drizzle-kit's own migration for a *renamed* column of a composite primary key (SQLite; its question was answered
#       with "rename") rebuilds the table by
#           INSERT INTO `__new_t`("new_name", …) SELECT "new_name", … FROM `t`
#       but `t` still has the old column. A SQLite that takes a double-quoted name that is no column for a string (its
#       default, as in Python's module and the sqlite3 shell) writes the column's new *name* into every row: no error,
#       no warning, and the old values are gone. better-sqlite3 12.11.1 is built without that default, and raises.
# VERSION: drizzle-kit 0.31.11, drizzle-orm 0.45.4; the SQLite of python3 here
# SOURCE: run on 2026-12-01
# WHY IT MATTERS: a generated migration that a reviewer takes for a rename cannot be applied, or loses a foreign key of
#       each row. Write `ALTER TABLE … RENAME COLUMN` by hand, and test the upgrade with rows in the old table.
# Needs: node >= 20.19, npm, python3 (it types the answer to drizzle-kit's question, and applies the migration).
set -u
folder=$(mktemp -d) || exit 2
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 2
for tool in node npm python3; do command -v "$tool" > /dev/null || { echo "missing: $tool"; exit 2; }; done
echo '{ "type": "module", "private": true }' > package.json
npm install --silent --no-audit --no-fund drizzle-kit@0.31.11 drizzle-orm@0.45.4 > npm.log 2>&1 ||
  { tail -n 5 npm.log; exit 2; }

schema() { # NAME_OF_THE_COLUMN PROPERTY
  cat > schema.ts << TS
import { primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core';
export const deliveries = sqliteTable(
  'deliveries',
  { $2: text('$1').notNull(), target: text().notNull(), state: text() },
  (table) => [primaryKey({ columns: [table.$2, table.target] })],
);
TS
}
cat > drizzle.config.ts << 'TS'
import { defineConfig } from 'drizzle-kit';
export default defineConfig({ dialect: 'sqlite', schema: './schema.ts', out: './migrations' });
TS
schema episode_id episodeId
npx drizzle-kit generate --name first > generate.log 2>&1 || { cat generate.log; exit 2; }
schema incident_id incidentId
# answers "is it created or renamed?" with the second choice: renamed
python3 - << 'PY' > rename.log 2>&1
import os, pty, select, time
child, terminal = pty.fork()
if child == 0:
    os.execvp('npx', ['npx', 'drizzle-kit', 'generate', '--name', 'second'])
seen, answered, end = b'', False, time.time() + 60
while time.time() < end:
    if select.select([terminal], [], [], 1)[0]:
        try:
            seen += os.read(terminal, 4096)
        except OSError:
            break
    if not answered and b'created or renamed' in seen:
        time.sleep(1)
        os.write(terminal, b'\x1b[B')
        time.sleep(1)
        os.write(terminal, b'\r')
        answered = True
os.waitpid(child, 0)
PY
migration=$(ls migrations/0001_*.sql 2> /dev/null) || { echo 'no second migration was written'; cat rename.log; exit 2; }
cat > run.py << 'PY'
import glob, json, sqlite3
db = sqlite3.connect(':memory:')
db.row_factory = sqlite3.Row
first, second = sorted(glob.glob('migrations/*.sql'))
db.executescript(open(first).read())
db.execute("insert into deliveries values ('ep-17', 'mail', 'sent')")
db.commit()
db.executescript(open(second).read())
print('SQLite', sqlite3.sqlite_version)
print(json.dumps([dict(row) for row in db.execute('select * from deliveries')]))
PY
npx drizzle-kit --version | head -n 1
grep -n 'INSERT INTO' "$migration"
seen=$(python3 run.py 2>&1)
echo "$seen"
case $seen in
  *'"incident_id": "incident_id"'*) echo "as found: the row's id ep-17 became the text incident_id" ;;
  *'no such column'*) echo 'as found, and told: this SQLite takes no double-quoted text' ;;
  *) echo 'CHANGED: the row kept its id'; exit 1 ;;
esac

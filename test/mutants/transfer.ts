import type { Mutant } from './mutant.ts';

/** Small wrong changes of what carries files to a host and back; each must turn a test red. */

const ROOM = 'src/transport';
const FLUSHES = ['test/transport/flushes.test.ts'];
const CUT = ['test/transport/upload-cut.test.ts'];
const UPLOAD = ['test/transport/upload.test.ts'];
const COLLECT = ['test/transport/collect.test.ts'];
const COLLECT_CUT = ['test/transport/collect-cut.test.ts'];
const HOSTS = ['test/transport/hosts.test.ts'];
const EXECUTE = ['test/transport/execute.test.ts'];
const OUTPUTS = ['test/transport/outputs.test.ts'];
const OWN_DISK = ['test/transport/own-disk.test.ts'];
const RUNNER = ['test/supervisor/work/runner.test.ts'];
const LOCAL = ['test/contract/transport-local.test.ts'];

export const TRANSFER_MUTANTS: readonly Mutant[] = [
  {
    name: 'an upload that was called off is an outage of its host',
    file: 'src/supervisor/work/runner.ts',
    find: '    if (signal.aborted) return;\n    if (outcome.kind',
    replace: '    if (outcome.kind',
    tests: RUNNER,
  },
  {
    name: 'an upload gets its name before it is flushed',
    file: `${ROOM}/staging.ts`,
    find: '    flush,\n    `echo flushed`,',
    replace: '    `echo flushed`,',
    tests: FLUSHES,
  },
  {
    name: 'the directory of attempts is not flushed',
    file: `${ROOM}/staging.ts`,
    find: '    `flush "$attempts" "$attempts/.."`,\n',
    replace: '',
    tests: FLUSHES,
  },
  {
    name: 'the directories of an upload are not flushed',
    file: `${ROOM}/staging.ts`,
    find: 'callsOf(all.map((path) => ({ path, sizeBytes: 0 })))',
    replace: 'callsOf(files.map(({ path }) => ({ path, sizeBytes: 0 })))',
    tests: FLUSHES,
  },
  {
    name: 'a file that was taken over keeps the mode that it had',
    file: `${ROOM}/staging.ts`,
    find: "    ...chmod('u+x', true),\n",
    replace: '',
    tests: CUT,
  },
  {
    name: 'a file that was taken over stays executable',
    file: `${ROOM}/staging.ts`,
    find: "    ...chmod('a-x', false),\n",
    replace: '',
    tests: CUT,
  },
  {
    name: 'a copied file gets a mode of its own',
    file: `${ROOM}/staging.ts`,
    find: 'cp -p "$@" "$to"',
    replace: 'cp --no-preserve=mode "$@" "$to"',
    tests: CUT,
  },
  {
    name: 'every file is sent without its mode',
    file: `${ROOM}/archive.ts`,
    find: 'file.executable ? 0o755 : 0o644',
    replace: '0o644',
    tests: LOCAL,
  },
  {
    name: 'files are moved out of a directory into which a tar still writes',
    file: `${ROOM}/staging.ts`,
    find: 'else how=cp aside=$run/live-$old; fi',
    replace: 'else how=mv aside=$run/live-$old; fi',
    tests: CUT,
  },
  {
    name: 'what arrived is compared with itself',
    file: `${ROOM}/staging.ts`,
    find: 'if [ "$got" = "$want" ]',
    replace: 'if [ "$got" = "$got" ]',
    tests: UPLOAD,
  },
  {
    name: 'what is too much in an upload is not counted',
    file: `${ROOM}/staging.ts`,
    find: 'echo "extra $found"; good=0;',
    replace: 'echo "extra $found";',
    tests: UPLOAD,
  },
  {
    name: 'an attempt that may not be looked up was never sent',
    file: `${ROOM}/staging.ts`,
    find: ' || [ -z "$said" ] || { echo "$said" >&2; exit 1; }`,\n    `command',
    replace: ' || :`,\n    `command',
    tests: HOSTS,
  },
  {
    name: 'a file with an older content is taken over',
    file: `${ROOM}/upload.ts`,
    find: 'wanted.filter((entry, index) => answer.sums[index] === entry.sha256)',
    replace: 'wanted.filter((_, index) => answer.sums[index] !== null)',
    tests: CUT,
  },
  {
    name: 'what was taken over travels again',
    file: `${ROOM}/upload.ts`,
    find: 'listing.files.filter((file) => !there.has(file.path))',
    replace: 'listing.files.filter((file) => there !== null && file !== undefined)',
    tests: CUT,
  },
  {
    name: 'a folder that changed while it was packed is sent as it is now',
    file: `${ROOM}/upload.ts`,
    find: 'if (sha256Of(text) !== fingerprint) throw',
    replace: 'if (sha256Of(text) === "") throw',
    tests: UPLOAD,
  },
  {
    name: 'a folder that is gone was changed',
    file: `${ROOM}/upload.ts`,
    find: "return { kind: 'missing', reason: error.message }",
    replace: "return { kind: 'changed', message: error.message }",
    tests: UPLOAD,
  },
  {
    name: 'a large file is read from its beginning again and again',
    file: `${ROOM}/pack.ts`,
    find: '      next = readAt(position);',
    replace: '      next = readAt(position - piece.length);',
    tests: UPLOAD,
  },
  {
    name: 'a root that may not be entered is not there',
    file: `${ROOM}/script.ts`,
    find: "*': No such file or directory' | *': Not a directory')",
    replace: '*)',
    tests: HOSTS,
  },
  {
    name: 'an output that may not be read is not there',
    file: `${ROOM}/collect.ts`,
    find: 'sums[index] === UNREADABLE',
    replace: 'sums[index] === undefined',
    tests: HOSTS,
  },
  {
    name: 'results are compared with themselves',
    file: `${ROOM}/collect.ts`,
    find: 'sums[index] !== file.sha256',
    replace: 'file.sha256 !== received.get(path)?.sha256',
    tests: COLLECT,
  },
  {
    name: 'a result of another size than the job listed is taken',
    file: `${ROOM}/collect.ts`,
    find: 'listedBytes !== file.sizeBytes && !isLog(path)',
    replace: 'listedBytes < 0 && !isLog(path)',
    tests: LOCAL,
  },
  {
    name: 'a garbled archive is an outage of its host',
    file: `${ROOM}/unpack.ts`,
    find: "throw new Setback('blocked', `the archive of the host cannot be read",
    replace: "throw new Setback('blind', `the archive of the host cannot be read",
    tests: COLLECT,
  },
  {
    name: 'a result gets its name before it is flushed',
    file: `${ROOM}/unpack.ts`,
    find: '        await handle.sync();\n      } finally {\n        letGo',
    replace: '      } finally {\n        letGo',
    tests: FLUSHES,
  },
  {
    name: 'folders in a folder of results are not flushed',
    file: `${ROOM}/results.ts`,
    find: 'if (entry.isDirectory()) await',
    replace: 'if (entry.isFile() && entry.isDirectory()) await',
    tests: FLUSHES,
  },
  {
    name: 'the folder above results is not flushed',
    file: `${ROOM}/results.ts`,
    find: 'up.startsWith(this.#results); up = dirname(up)) await',
    replace: 'up === this.#results; up = dirname(up)) await',
    tests: FLUSHES,
  },
  {
    name: 'what is kept from an earlier try is fetched again',
    file: `${ROOM}/results.ts`,
    find: 'kept.set(path, {',
    replace: 'new Map(kept).set(path, {',
    tests: COLLECT_CUT,
  },
  {
    name: 'a list that was cut off is whole',
    file: `${ROOM}/outputs.ts`,
    find: "if (this.#isGarbled || this.#rest !== '') return null;",
    replace: 'if (this.#isGarbled) return null;',
    tests: OUTPUTS,
  },
  {
    name: 'a disk of ours that does not answer is waited for',
    file: `${ROOM}/own-disk.ts`,
    find: '      this.#time();\n      this.#lane.take',
    replace: '      this.#lane.take',
    tests: OWN_DISK,
  },
  {
    name: 'an abort of a command is not heard',
    file: `${ROOM}/execute.ts`,
    find: "signal?.addEventListener('abort', abort);",
    replace: '',
    tests: EXECUTE,
  },
];

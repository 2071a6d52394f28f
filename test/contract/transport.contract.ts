import { appendFileSync, existsSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { quoteAll } from '../../src/transport/quote.ts';
import type { Progress, Transport } from '../../src/transport/transport.ts';
import {
  HOSTILE,
  cleanScratch,
  fetchRequest,
  makeExecutable,
  manifestOf,
  readTree,
  scratch,
  sendRequest,
  sha256,
  writeAttempt,
  writeTree,
} from '../transport/scratch.ts';

export interface TransportUnderTest {
  readonly transport: Transport;
  close(): Promise<void>;
}

/** What every transport must hold to. The host is this machine: both see the same files under the same paths. */
export function transportContract(name: string, make: () => Promise<TransportUnderTest>): void {
  describe(`the transport ${name}`, () => {
    let sut: TransportUnderTest;
    let transport: Transport;
    let root: string;
    let folder: string;
    beforeEach(async () => {
      sut = await make();
      transport = sut.transport;
      expect(await transport.connect(new AbortController().signal)).toEqual({ kind: 'connected' });
      root = join(scratch(), 'ro ot');
      folder = join(scratch(), 'ca se');
    });
    afterEach(() => sut.close());
    cleanScratch();

    const timeoutMs = 20_000;
    const attempt = (): string => join(root, 'attempts', 'mqi-test-case-1-abc');

    describe('run', () => {
      test('a command that ended is done, with its exit code and both outputs', async () => {
        const outcome = await transport.run('printf out; printf err >&2; exit 7', { timeoutMs });
        expect(outcome).toEqual({ kind: 'done', exitCode: 7, stdout: 'out', stderr: 'err' });
      });

      test('a command gets its input, whole and closed', async () => {
        const stdin = 'grün\n'.repeat(200_000);
        const outcome = await transport.run('cat', { stdin, timeoutMs });
        expect(outcome).toMatchObject({ kind: 'done', exitCode: 0 });
        expect(outcome.kind === 'done' && outcome.stdout === stdin).toBe(true);
      });

      test('a command without input finds it closed', async () => {
        expect(await transport.run('cat; echo end', { timeoutMs })).toMatchObject({ kind: 'done', stdout: 'end\n' });
      });

      test('a command that does not want its input is done all the same', async () => {
        const outcome = await transport.run('exit 3', { stdin: 'x'.repeat(4_000_000), timeoutMs });
        expect(outcome).toMatchObject({ kind: 'done', exitCode: 3 });
      });

      test('a long output comes whole, also when both outputs are long', async () => {
        const outcome = await transport.run(
          'head -c 3000000 /dev/zero | tr "\\0" e >&2; head -c 5000000 /dev/zero | tr "\\0" o',
          { timeoutMs },
        );
        if (outcome.kind !== 'done') throw new Error(outcome.reason);
        expect([outcome.stdout.length, outcome.stderr.length]).toEqual([5_000_000, 3_000_000]);
      });

      test('an endless output is unknown, not an endless memory', async () => {
        const outcome = await transport.run('cat /dev/zero', { timeoutMs: 60_000 });
        expect(outcome).toMatchObject({ kind: 'unknown', sent: true });
        expect(outcome.kind === 'unknown' && outcome.reason).toContain('garbled');
      });

      test('a command that does not answer in time is unknown, and may go on', async () => {
        const mark = join(scratch(), 'went on');
        const command = `${quoteAll(['mkfifo', `${mark}.pipe`])}; read line <${quoteAll([`${mark}.pipe`])}; ${quoteAll(['touch', mark])}`;
        const outcome = await transport.run(command, { timeoutMs: 300 });
        expect(outcome).toMatchObject({ kind: 'unknown', sent: true });
        // opening the pipe waits until the command reads from it
        writeFileSync(`${mark}.pipe`, 'go\n');
        await until(() => existsSync(mark));
      });

      test('an aborted command is unknown', async () => {
        const abort = new AbortController();
        const running = transport.run('exec sleep 30', { timeoutMs, signal: abort.signal });
        abort.abort();
        expect(await running).toMatchObject({ kind: 'unknown' });
      });

      test('a command aborted before it began was not sent', async () => {
        const outcome = await transport.run('true', { timeoutMs, signal: AbortSignal.abort() });
        expect(outcome).toMatchObject({ kind: 'unknown', sent: false });
      });

      test('arguments arrive as they are', async () => {
        const names = Object.keys(HOSTILE);
        const outcome = await transport.run(quoteAll(['printf', '%s\\n', '--', ...names]), { timeoutMs });
        expect(outcome).toMatchObject({ stdout: ['--', ...names].map((argument) => `${argument}\n`).join('') });
      });

      test('many commands at once each get their own answer', async () => {
        const asked = Array.from({ length: 24 }, (_, index) => transport.run(`echo ${index}`, { timeoutMs }));
        const answers = await Promise.all(asked);
        expect(answers).toMatchObject(asked.map((_, index) => ({ kind: 'done', stdout: `${index}\n` })));
      });
    });

    describe('send', () => {
      test('a folder with hostile names arrives to the byte, with its manifest', async () => {
        writeTree(folder, HOSTILE);
        makeExecutable(join(folder, 'plain'));
        const progress: Progress[] = [];
        const request = sendRequest(folder, root, { onProgress: (step) => progress.push(step) });
        expect(await transport.send(request)).toEqual({ kind: 'sent' });
        expect(readTree(join(attempt(), 'inputs'))).toEqual(readTree(folder));
        expect(readFileSync(join(attempt(), 'manifest'), 'utf8')).toBe(manifestOf(folder));
        expect(Object.keys(readTree(attempt())).filter((path) => !path.startsWith('inputs/'))).toEqual(['manifest']);
        expect(statSync(join(attempt(), 'inputs/plain')).mode & 0o100).toBe(0o100);
        expect(statSync(join(attempt(), 'inputs/zero')).mode & 0o111).toBe(0);
        expect(progress.at(-1)?.sentBytes).toBe(progress.at(-1)?.totalBytes);
        expect(readTree(join(root, 'staging'))).toEqual({});
      });

      test('what was sent is not sent again', async () => {
        writeTree(folder, { a: 'a' });
        const request = sendRequest(folder, root);
        expect(await transport.send(request)).toEqual({ kind: 'sent' });
        const before = statSync(join(attempt(), 'inputs/a'));
        rmSync(folder, { recursive: true });
        expect(await transport.send(request)).toEqual({ kind: 'sent' });
        expect(statSync(join(attempt(), 'inputs/a')).ino).toBe(before.ino);
      });

      test('a folder that is not what was admitted is changed, and never becomes an attempt', async () => {
        writeTree(folder, { a: 'a', b: 'b' });
        const request = sendRequest(folder, root);
        writeTree(folder, { b: 'c' });
        const outcome = await transport.send(request);
        expect(outcome).toMatchObject({ kind: 'changed' });
        expect(existsSync(attempt())).toBe(false);
      });

      test('links inside the folder travel as what they lead to; one that leaves it is a change', async () => {
        writeTree(folder, { 'real/file': 'content' });
        const plain = join(scratch(), 'plain');
        writeTree(plain, { 'real/file': 'content', link: 'content', 'also/file': 'content' });
        symlinkSync('real/file', join(folder, 'link'));
        symlinkSync('real', join(folder, 'also'));
        const fingerprint = sha256(manifestOf(plain));
        expect(await transport.send(sendRequest(folder, root, { fingerprint }))).toEqual({ kind: 'sent' });
        expect(readTree(join(attempt(), 'inputs'))).toEqual(readTree(plain));
        symlinkSync('/etc/hostname', join(folder, 'out'));
        const outcome = await transport.send(sendRequest(folder, root, { fingerprint, token: 'mqi-test-case-2-abc' }));
        expect(outcome).toMatchObject({ kind: 'changed', message: expect.stringContaining('out ') as string });
      });

      test('a thousand small files arrive', async () => {
        writeTree(
          folder,
          Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`${index % 10}/${index}.txt`, `${index}`])),
        );
        expect(await transport.send(sendRequest(folder, root))).toEqual({ kind: 'sent' });
        expect(readTree(join(attempt(), 'inputs'))).toEqual(readTree(folder));
      });

      test('a root below the home directory of the user works', async () => {
        writeTree(folder, { a: 'a' });
        const below = `.mqi-test-${process.pid}-${name.replaceAll(/\W/g, '')} it's`;
        try {
          expect(await transport.send(sendRequest(folder, `~/${below}`))).toEqual({ kind: 'sent' });
          const outcome = await transport.run(`cat "$HOME"/${quoteAll([below])}/attempts/*/inputs/a`, { timeoutMs });
          expect(outcome).toMatchObject({ stdout: 'a' });
        } finally {
          await transport.run(`rm -rf "$HOME"/${quoteAll([below])}`, { timeoutMs });
        }
      });

      test('a root that cannot be made is blocked, by name', async () => {
        writeTree(folder, { a: 'a' });
        const inTheWay = join(scratch(), 'file');
        writeFileSync(inTheWay, '');
        const outcome = await transport.send(sendRequest(folder, inTheWay));
        expect(outcome).toMatchObject({ kind: 'blocked', reason: expect.stringContaining(inTheWay) as string });
      });

      test('an aborted upload is blind and leaves no attempt; the next one completes it', async () => {
        writeTree(folder, { big: Buffer.alloc(8_000_000, 1), last: 'last' });
        const abort = new AbortController();
        const onProgress = (): void => abort.abort();
        const outcome = await transport.send(sendRequest(folder, root, { signal: abort.signal, onProgress }));
        expect(outcome).toMatchObject({ kind: 'blind' });
        expect(existsSync(attempt())).toBe(false);
        expect(await transport.send(sendRequest(folder, root))).toEqual({ kind: 'sent' });
        expect(readTree(join(attempt(), 'inputs'))).toEqual(readTree(folder));
      });
    });

    describe('fetch', () => {
      const fetched = (results: string): string => join(results, "CASE it's", 'attempt-1');

      test('outputs with hostile names and both logs come back, verified, in one folder', async () => {
        const { 'empty directory/': _, 'directories/without/files/': __, ...files } = HOSTILE;
        writeAttempt(root, files);
        const results = scratch();
        expect(await transport.fetch(fetchRequest(root, results))).toEqual({
          kind: 'fetched',
          missingGlobs: [],
          files: Object.keys(files).length + 2,
        });
        const { 'manifest.json': own, ...tree } = readTree(fetched(results));
        expect(own).toBeDefined();
        const outputs = join(scratch(), 'expected');
        writeTree(outputs, { ...files, stdout: 'said\n', stderr: '' });
        expect(tree).toEqual(readTree(outputs));
        const manifest: unknown = JSON.parse(readFileSync(join(fetched(results), 'manifest.json'), 'utf8'));
        expect(manifest).toMatchObject({ token: 'mqi-test-case-1-abc', missingGlobs: [], notes: [] });
        expect(manifest).toMatchObject({
          files: expect.arrayContaining([
            { path: 'new\nline', sizeBytes: 7, sha256: sha256('newline') },
            { path: 'stdout', sizeBytes: 5, sha256: sha256('said\n') },
          ]) as unknown[],
        });
      });

      test('only what a glob wants comes back; a required glob without a match is named, now and later', async () => {
        writeAttempt(root, { 'output/dose.bin': 'dose', 'output/.hidden': 'h', 'core.1': 'c', 'run.log': 'l' });
        const results = scratch();
        const globs = [
          { glob: 'output/**', optional: false },
          { glob: '*.log', optional: true },
          { glob: '*.err', optional: true },
          { glob: '*.dcm', optional: false },
        ];
        const expected = { kind: 'fetched', missingGlobs: ['*.dcm'], files: 5 };
        expect(await transport.fetch(fetchRequest(root, results, { globs }))).toEqual(expected);
        expect(Object.keys(readTree(fetched(results))).sort()).toEqual(
          ['manifest.json', 'output/', 'output/.hidden', 'output/dose.bin', 'run.log', 'stderr', 'stdout'].sort(),
        );
        rmSync(root, { recursive: true });
        expect(await transport.fetch(fetchRequest(root, results, { globs }))).toEqual(expected);
      });

      test('without the list of the job nothing is certain: blocked, unless it need not be whole', async () => {
        writeAttempt(root, { 'output/dose.bin': 'dose', 'new\nline': 'n' }, { outputs: null });
        const results = scratch();
        const whole = await transport.fetch(fetchRequest(root, results));
        expect(whole).toMatchObject({ kind: 'blocked', reason: expect.stringContaining('outputs') as string });
        expect(existsSync(fetched(results))).toBe(false);
        const globs = [
          { glob: 'output/**', optional: false },
          { glob: 'new*', optional: false },
          { glob: '*.dcm', optional: false },
        ];
        const part = await transport.fetch(fetchRequest(root, results, { mustBeWhole: false, globs }));
        expect(part).toEqual({ kind: 'fetched', missingGlobs: [], files: 4 });
        expect(readTree(fetched(results))).toMatchObject({ 'output/dose.bin': sha256('dose'), 'new\nline': sha256('n') });
      });

      test('a garbled list is none', async () => {
        for (const outputs of ['4 ./output/dose.bin', '4 ./../../claim\0', 'dose\0', '4 /etc/passwd\0']) {
          writeAttempt(root, { 'output/dose.bin': 'dose' }, { outputs });
          expect(await transport.fetch(fetchRequest(root, scratch()))).toMatchObject({ kind: 'blocked' });
        }
      });

      test('a listed file that is missing, or has another size, keeps the results back until it is there', async () => {
        const directory = writeAttempt(root, { 'a.out': 'aaaa', 'b.out': 'bbbb' });
        const results = scratch();
        writeFileSync(join(directory, 'a.out'), 'aa');
        const short = await transport.fetch(fetchRequest(root, results));
        expect(short).toMatchObject({ kind: 'blocked', reason: expect.stringContaining('a.out') as string });
        rmSync(join(directory, 'a.out'));
        const gone = await transport.fetch(fetchRequest(root, results));
        expect(gone).toMatchObject({ kind: 'blocked', reason: expect.stringContaining('a.out') as string });
        expect(existsSync(fetched(results))).toBe(false);
        writeFileSync(join(directory, 'a.out'), 'aaaa');
        expect(await transport.fetch(fetchRequest(root, results))).toMatchObject({ kind: 'fetched', files: 4 });
      });

      test('what need not be whole is taken as it is, and its manifest says so', async () => {
        const directory = writeAttempt(root, { 'a.out': 'aaaa', 'b.out': 'bbbb' });
        rmSync(join(directory, 'a.out'));
        writeFileSync(join(directory, 'b.out'), 'b');
        const results = scratch();
        const outcome = await transport.fetch(fetchRequest(root, results, { mustBeWhole: false }));
        expect(outcome).toMatchObject({ kind: 'fetched', files: 3 });
        expect(readFileSync(join(fetched(results), 'manifest.json'), 'utf8')).toMatch(/a\.out[^]*b\.out/);
      });

      test('a symbolic link in the place of a listed file is not followed', async () => {
        const directory = writeAttempt(root, { 'a.out': 'aaaa' });
        rmSync(join(directory, 'a.out'));
        symlinkSync('/etc/passwd', join(directory, 'a.out'));
        expect(await transport.fetch(fetchRequest(root, scratch()))).toMatchObject({ kind: 'blocked' });
      });

      test('an attempt that left nothing gives an empty folder when it need not be whole', async () => {
        writeTree(join(root, 'attempts'), {});
        const results = scratch();
        expect(await transport.fetch(fetchRequest(root, results))).toMatchObject({ kind: 'blocked' });
        const outcome = await transport.fetch(fetchRequest(root, results, { mustBeWhole: false }));
        expect(outcome).toEqual({ kind: 'fetched', missingGlobs: [], files: 0 });
        expect(Object.keys(readTree(fetched(results)))).toEqual(['manifest.json']);
      });

      test('a root that is not there is no attempt without results', async () => {
        const outcome = await transport.fetch(fetchRequest(root, scratch(), { mustBeWhole: false }));
        expect(outcome).toMatchObject({ kind: 'blocked', reason: expect.stringContaining(root) as string });
      });

      test('results that belong to another attempt are never overwritten', async () => {
        writeAttempt(root, { a: 'a' });
        const results = scratch();
        writeTree(fetched(results), { precious: 'x' });
        const outcome = await transport.fetch(fetchRequest(root, results));
        expect(outcome).toMatchObject({ kind: 'blocked', reason: expect.stringContaining(fetched(results)) as string });
        expect(readTree(fetched(results))).toEqual({ precious: sha256('x') });
      });
    });

    describe('follow', () => {
      test('lines that are appended come one by one, until it is aborted', async () => {
        const file = join(scratch(), 'events');
        writeFileSync(file, 'old\n');
        const abort = new AbortController();
        const lines: string[] = [];
        const following = transport.follow(file, (line) => lines.push(line), abort.signal);
        // nobody says when it began: what is written before that is not seen
        await until(() => {
          appendFileSync(file, 'probe\n');
          return lines.length > 0;
        });
        appendFileSync(file, 'one');
        appendFileSync(file, ' line\nanother\n');
        await until(() => lines.includes('another'));
        abort.abort();
        await following;
        expect(lines).toContain('one line');
        expect(lines).not.toContain('old');
      });
    });
  });
}

/** Asks again, without a limit of its own: the test's own is the limit. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 20));
}

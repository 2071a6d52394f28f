import { chmodSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { expect, test } from 'vitest';

import { createDirectScheduler } from '../../src/scheduler/direct.ts';
import { judge } from '../../src/scheduler/judge.ts';
import { attempt, endOf, exitOf, lab, outputsOf, runJob, start } from './job-bench.ts';
import { read, until } from './lab.ts';

/** A PATH on which `name` is this script. */
function pathWith(name: string, script: string): Record<string, string> {
  const bin = path.join(lab.root, 'bin');
  mkdirSync(bin, { recursive: true });
  writeFileSync(path.join(bin, name), `#!/bin/sh\n${script}\n`);
  chmodSync(path.join(bin, name), 0o755);
  return { PATH: `${bin}:${process.env['PATH']!}` };
}

test('whenever the end is there, the list of outputs is there and whole, however slow it was made', async () => {
  const signal = new AbortController().signal;
  const { root, instance, transport } = lab;
  const scheduler = createDirectScheduler({ root, instance, transport, host: 'host1' });
  await scheduler.prepare(signal, true);
  const { token, directory } = attempt({ command: 'for i in 1 2 3 4; do echo $i > out$i; done' });
  // it prints a part of the list, and the rest when it is let go
  const env = pathWith(
    'find',
    `case "$*" in *-maxdepth*) exec /usr/bin/find "$@" ;; esac
list='${root}/list.'$$
/usr/bin/find "$@" > "$list"
head -c 12 "$list"; : > '${root}/half'
until [ -e '${root}/go' ]; do sleep 0.02; done
tail -c +13 "$list"`,
  );
  const exited = exitOf(start(directory, env));
  const whole = { './out1': 2, './out2': 2, './out3': 2, './out4': 2 };
  await until(() => existsSync(path.join(root, 'half')));
  const look = await scheduler.look([token], signal);
  if (look.kind === 'blind') throw new Error(look.reason);
  expect(judge(look.facts[0]!, look.node)).toEqual({ kind: 'executing' });
  expect(existsSync(path.join(directory, 'end'))).toBe(false);
  expect(existsSync(path.join(directory, 'outputs'))).toBe(false);
  writeFileSync(path.join(root, 'go'), '');
  await until(() => existsSync(path.join(directory, 'end')) || existsSync(path.join(directory, 'outputs')));
  expect(outputsOf(directory)).toEqual(whole);
  expect(await exited).toBe(0);
  expect(endOf(directory)).toEqual({ kind: 'present', value: { kind: 'exited', exitCode: 0 } });
});

test('a manifest that goes away between the first check and the claim: nothing runs, and it says 114', async () => {
  const { directory } = attempt();
  // as the retention removes it, behind the back of a late start
  const env = pathWith('ln', `rm -f manifest; exec /bin/ln "$@"`);
  expect(await runJob(directory, env)).toBe(114);
  expect(read(path.join(directory, 'claim'))).toMatch(/^job /);
  for (const name of ['ran', 'stdout', 'outputs', 'end']) expect(existsSync(path.join(directory, name))).toBe(false);
  expect(read(path.join(lab.root, 'events'))).toBe('');
});

test.each([
  ['find can print sizes', null],
  ['it cannot, as in busybox', '/bin/busybox'],
])('a long list costs few processes where %s', async (_, find) => {
  const count = 30_000;
  const { directory } = attempt({
    command: `mkdir -p a 'b\nc' && seq 1 ${count} | (cd a && xargs touch) && touch 'b\nc/d' 'e f'`,
  });
  const bin = path.join(lab.root, 'bin');
  mkdirSync(bin);
  if (find !== null) symlinkSync(find, path.join(bin, 'find'));
  const env = pathWith('stat', `printf x >> '${lab.root}/stats'; exec /usr/bin/stat "$@"`);
  expect(await runJob(directory, env)).toBe(0);
  const outputs = outputsOf(directory);
  expect(Object.keys(outputs)).toHaveLength(count + 2);
  expect(outputs).toMatchObject({ './a/1': 0, [`./a/${count}`]: 0, './b\nc/d': 0, './e f': 0 });
  expect(read(path.join(lab.root, 'stats')).length).toBeLessThan(100);
});

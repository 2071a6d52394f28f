import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

import { expect, test } from 'vitest';

import type { BlindCause } from '../../src/domain/observation.ts';
import { whyNetworkIsMissing } from '../lab/network.ts';
import { createHpc, describeOnHpc, waitsFor } from './lab.ts';
import type { Hpc, HpcOptions } from './lab.ts';

/** The law wants the host to be unreachable for longer; none of it may be over before the job has ended. */
const LIMIT_MS = 8_000;

interface Cut {
  readonly name: string;
  readonly cause: BlindCause;
  readonly cut: (hpc: Hpc) => Promise<void> | void;
  readonly heal: (hpc: Hpc) => Promise<void> | void;
}

const answering = (text: string) => (hpc: Hpc) =>
  hpc.trap(`case " $* " in *" status "*) printf '%s\\n' '${text}'; exit 0 ;; esac`);

const CUTS: readonly Cut[] = [
  {
    name: 'a network that swallows everything',
    cause: 'link',
    cut: (hpc) => hpc.proxy.set({ stall: 'both' }),
    heal: (hpc) => {
      hpc.proxy.set({ stall: null });
    },
  },
  {
    name: 'a host that hangs',
    cause: 'link',
    cut: (hpc) => {
      hpc.sshd.kill('SIGSTOP', 'sessions');
      hpc.sshd.kill('SIGSTOP', 'listener');
    },
    heal: (hpc) => {
      hpc.sshd.kill('SIGCONT', 'listener');
      hpc.sshd.kill('SIGCONT', 'sessions');
    },
  },
  {
    name: 'a host without sshd',
    cause: 'link',
    cut: async (hpc) => {
      await hpc.sshd.stopListening();
      hpc.sshd.kill('SIGKILL', 'sessions');
    },
    heal: (hpc) => hpc.sshd.startListening(),
  },
  {
    name: 'a pueued that hangs',
    cause: 'queue',
    cut: (hpc) => void process.kill(hpc.queue.pid, 'SIGSTOP'),
    heal: (hpc) => void process.kill(hpc.queue.pid, 'SIGCONT'),
  },
  {
    name: 'a pueued that was killed',
    cause: 'queue',
    cut: (hpc) => hpc.queue.end('SIGKILL'),
    heal: (hpc) => hpc.queue.start(),
  },
  {
    name: 'a pueue that answers in riddles',
    cause: 'garbled',
    cut: answering('It is a fine day.'),
    heal: (hpc) => hpc.trap(null),
  },
  {
    name: 'a pueue whose answer is cut short',
    cause: 'garbled',
    cut: answering('{"tasks":{"0":{"id":0,"created_at":"2026-11-24T21:'),
    heal: (hpc) => hpc.trap(null),
  },
  {
    name: 'a pueue of another form',
    cause: 'garbled',
    cut: answering('{"tasks":[],"groups":{}}'),
    heal: (hpc) => hpc.trap(null),
  },
];

const CUT_CABLES: readonly Cut[] = [
  {
    name: 'a cable that is out',
    cause: 'link',
    cut: (hpc) => hpc.network.cut(),
    heal: (hpc) => hpc.network.heal(),
  },
  {
    name: 'a firewall that resets',
    cause: 'link',
    cut: (hpc) => hpc.network.reset(),
    heal: (hpc) => hpc.network.heal(),
  },
];

const LAW = '$name; it stays running, its clock stands still, and it completes when it is seen again';

async function isUnseenAndCompletes(
  { cause, cut, heal }: Cut,
  onTestFinished: (work: () => Promise<void>) => void,
  options: HpcOptions,
): Promise<void> {
  const hpc = await createHpc({ ends: onTestFinished, transport: { keepalive: '1s' }, ...options });
  hpc.drop('case', hpc.counting('case', waitsFor(hpc, 'go')), { data: 'dose' });
  hpc.start();
  const { id } = await hpc.in('case', 'executing');
  await cut(hpc);
  // what is stopped could not be ended: so it is healed when the test fails, too
  let isHealed = false;
  onTestFinished(async () => {
    if (!isHealed) await heal(hpc);
  });
  const blind = await hpc.until('it is blind', () => {
    const row = hpc.caseOf('case');
    return row.blindCause === cause ? row : null;
  });
  const limited = await hpc.order({ kind: 'limit', caseId: id, limitMs: blind.observedMs + LIMIT_MS });
  expect(limited.outcome, limited.message).toBe('done');
  await sleep(blind.blindSince! + LIMIT_MS + 1_000 - Date.now());
  expect(hpc.caseOf('case')).toMatchObject({ phase: 'executing', observedMs: blind.observedMs });
  const why = await hpc.mqi('why', 'case');
  expect(why.out, why.err).toMatch(
    /^case is executing, unreachable: .* for \d+(\.\d)?s \(since .*nothing is decided and no time counts/,
  );
  expect(why.out).toContain('mqi doctor');
  expect((await hpc.mqi('cases', 'list')).out).toMatch(
    new RegExp(`running .* executing .* unreachable for \\d+(\\.\\d)?s: \\w+`),
  );
  expect((await hpc.mqi('hosts', 'list')).out).toMatch(/here .* \d+(\.\d)?s ago/);

  isHealed = true;
  await heal(hpc);
  await hpc.until('it is seen again', () => hpc.caseOf('case').blindCause === null);
  expect(hpc.caseOf('case').phase).toBe('executing');
  writeFileSync(hpc.file('go'), '');
  expect(await hpc.final('case')).toMatchObject({ state: 'completed', failure: null });
  expect(hpc.caseOf('case').observedMs).toBeLessThan(blind.observedMs + LIMIT_MS);
  expect(hpc.dose('case')).toBe('dose');
  expect(hpc.runs('case')).toBe(1);
}

describeOnHpc('longer than its limit a case is unreachable because of', {}, () => {
  test.concurrent.for(CUTS)(LAW, (cut, { onTestFinished }) =>
    isUnseenAndCompletes(cut, onTestFinished, { proxied: cut.cause === 'link' }),
  );
});

describeOnHpc(
  'longer than its limit a case on a host in a network of its own is unreachable because of',
  { rights: [whyNetworkIsMissing()] },
  () => {
    test.concurrent.for(CUT_CABLES)(LAW, (cut, { onTestFinished }) =>
      isUnseenAndCompletes(cut, onTestFinished, { inNetwork: true }),
    );
  },
);

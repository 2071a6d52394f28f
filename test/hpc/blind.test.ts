import { writeFileSync } from 'node:fs';

import { expect, test } from 'vitest';

import type { BlindCause } from '../../src/domain/observation.ts';
import { createHpc, describeOnHpc, waitsFor } from './lab.ts';
import type { Hpc } from './lab.ts';

const LIMIT_MS = 6_000;

interface Cut {
  readonly name: string;
  readonly cause: BlindCause;
  cut(hpc: Hpc): Promise<void> | void;
  heal(hpc: Hpc): Promise<void> | void;
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

describeOnHpc('longer than its limit a case is unseen because of', [], () => {
  test.concurrent.for(CUTS)(
    '$name; it stays running, its clock stands still, and it completes when it is seen again',
    async ({ cause, cut, heal }, { onTestFinished }) => {
      const hpc = await createHpc({
        ends: onTestFinished,
        limit: `${LIMIT_MS}ms`,
        proxied: true,
        transport: { keepalive: '1s' },
      });
      hpc.drop('case', hpc.counting('case', waitsFor(hpc, 'go')), { data: 'dose' });
      hpc.start();
      await hpc.in('case', 'executing');
      await cut(hpc);
      onTestFinished(() => heal(hpc));
      const blind = await hpc.until('it is blind', () => {
        const row = hpc.caseOf('case');
        return row.blindCause === cause ? row : null;
      });
      await hpc.until('that lasts longer than the limit', () => Date.now() > blind.blindSince! + LIMIT_MS + 1_000);
      expect(hpc.caseOf('case')).toMatchObject({ phase: 'executing', observedMs: blind.observedMs });
      const why = await hpc.mqi('why', 'case');
      expect(why.out).toMatch(
        /^case is executing, unseen: .* for \d+(\.\d)?s \(since .*nothing is judged and no time counts/,
      );
      expect(why.out).toContain('mqi doctor');
      expect((await hpc.mqi('cases', 'list')).out).toMatch(/running .* executing .* unseen/);
      expect((await hpc.mqi('hosts', 'list')).out).toMatch(/here .* \d+(\.\d)?s ago/);

      await heal(hpc);
      await hpc.until('it is seen again', () => hpc.caseOf('case').blindCause === null);
      expect(hpc.caseOf('case').phase).toBe('executing');
      writeFileSync(hpc.file('go'), '');
      expect(await hpc.final('case')).toMatchObject({ state: 'completed', failure: null });
      expect(hpc.caseOf('case').observedMs).toBeLessThan(LIMIT_MS);
      expect(hpc.dose('case')).toBe('dose');
      expect(hpc.runs('case')).toBe(1);
    },
  );
});

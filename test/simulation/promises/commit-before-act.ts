import type { Phase } from '../../../src/domain/case.ts';
import type { Act } from '../ports/overseer.ts';
import type { Accuse } from '../violation.ts';
import type { Page } from './book.ts';
import { describe } from './case-facts.ts';

/** The phase that wants each act. */
const WANTED_BY: Readonly<Record<Exclude<Act, 'revoke' | 'remove'>, Phase>> = {
  send: 'staging',
  create: 'creating',
  find: 'confirming',
  release: 'releasing',
  stop: 'stopping',
  fetch: 'collecting',
};

/** Promise 4: what is done outside is wanted by a state that was committed before. */
export function checkAct(page: Page, act: Act, token: string, accuse: Accuse): void {
  const owner = [...page.cases.values()].find(
    (line) => line.token === token && line.state !== 'failed' && line.state !== 'completed',
  );
  if (act === 'revoke' || act === 'remove' || (act === 'stop' && owner === undefined)) {
    if (owner !== undefined) accuse(4, `${act} of ${token}, the live attempt of ${describe(owner)}`);
    const attempt = page.attempts.find((line) => line.token === token);
    if (act === 'remove' && attempt?.proof == null) accuse(4, `${token} is removed without a proof that it is gone`);
    return;
  }
  if (owner?.phase !== WANTED_BY[act]) {
    accuse(4, `${act} of ${token}, while ${owner === undefined ? 'no live case has it' : describe(owner)}`);
  }
  if (act === 'create' && !page.slots.some((slot) => slot.state === 'leased' && slot.token === token)) {
    accuse(4, `create of ${token}, which has no slot`);
  }
}

import type { SimHost } from './host/sim-host.ts';
import type { AttemptLine } from './promises/book.ts';
import type { Odd } from './promises/others-go-on.ts';
import type { World } from './world.ts';

/** For what is odd, and stays so after every other fault is over: everything else comes to its end meanwhile. */
const REST_MS = 30 * 60_000;
/** Two reconciles, the second of which removes what the first saw over, and what they may have to wait for. */
const SWEPT_MS = 11 * 60_000;
/** Some heal by themselves meanwhile. */
const MOST_TRIES = 3;

/** While something of single attempts or cases is odd still, and nothing else is wrong. */
export async function checkOthers(world: World): Promise<void> {
  const { checker, timeline, violations } = world;
  if (!isAny(oddOf(world))) return;
  world.history.note('only single attempts and cases are odd by now');
  for (let tries = 0; tries < MOST_TRIES && violations.length === 0; tries += 1) {
    await world.run(timeline.nowMs + REST_MS, () => world.lives.isAlive && checker.areOthersAtRest(oddOf(world)));
    const before = wordOf(oddOf(world));
    await world.run(timeline.nowMs + SWEPT_MS);
    const odd = oddOf(world);
    // what was healed meanwhile has not come to its end yet, perhaps
    if (isAny(odd) && wordOf(odd) === before) return checker.checkOthers(odd);
  }
}

const wordOf = ({ tokens, cases }: Odd): string => [...tokens, ...cases].join(' ');

/** What was odd still, of single attempts and cases. */
export function mendOddities({ history, folders, hosts }: World): void {
  history.note('nothing is odd any more');
  folders.hanging.clear();
  folders.missing.clear();
  for (const { host } of hosts) host.oddities.clear();
}

function isAny({ tokens, cases, left }: Odd): boolean {
  return tokens.size + cases.size + left.length > 0;
}

function oddOf({ folders, hosts, shape, checker }: World): Odd {
  const { cases, attempts } = checker.page;
  const over = ({ caseId }: AttemptLine): boolean => {
    const line = caseId === null ? undefined : cases.get(caseId);
    return line === undefined || line.state === 'completed' || line.state === 'failed';
  };
  const owned = new Set(attempts.flatMap((attempt) => (over(attempt) ? [] : [attempt.token])));
  return {
    tokens: new Set(hosts.flatMap(({ host }) => host.oddities.tokens())),
    cases: new Set([...folders.hanging, ...folders.missing.keys()]),
    left: hosts.flatMap(({ host }) => leftOn(host, owned)),
    kept: attempts.flatMap((attempt) => {
      const isDue = shape.keepMs < SWEPT_MS / 2 && over(attempt) && attempt.orphan === null;
      const isSeen = attempt.proof === 'gone' || attempt.proof === 'revoked';
      return isDue && isSeen && hosts.some(({ host }) => isLying(host, attempt)) ? [attempt.token] : [];
    }),
  };
}

/** What stays although it is to go. */
function leftOn({ directories, staging, oddities }: SimHost, owned: ReadonlySet<string>): Odd['left'] {
  const isStuck = (token: string): boolean => oddities.is('stuck', token) && !owned.has(token);
  return [
    ...[...directories.values()]
      .filter(({ token, manifest }) => !manifest && isStuck(token))
      .map(({ token }) => ({ token, what: 'unremoved' }) as const),
    ...[...staging].filter(isStuck).map((token) => ({ token, what: 'unswept' }) as const),
  ];
}

/** Nothing that is odd of it keeps it there. */
function isLying({ name, directories, oddities }: SimHost, { token, host }: AttemptLine): boolean {
  return name === host && directories.has(token) && !oddities.is('stuck', token);
}

import type { Order } from '../../../src/domain/order.ts';
import { recordOrder } from '../../../src/store/orders.ts';
import type { CaseLine } from '../promises/book.ts';
import type { Random } from '../random.ts';
import type { World } from '../world.ts';
import type { WorldShape } from '../world-shape.ts';
import type { Fault, HastyDeed, Planned, When } from './fault.ts';
import { give } from './orders.ts';
import { anyHost, spell } from './troubles.ts';

const DEEDS: readonly HastyDeed[] = [
  'clear',
  'cancel and retry',
  'abandon and clear',
  'abandon, clear and retry',
  'abandon, clear and retry',
  'adopt anything',
  'kill anything',
  'pause and resume',
];

/** Where haste does its worst: while a job comes to exist, while it runs, and while nobody can look. */
const POINTS = [
  'commit.after.slot.leased',
  'create.answer',
  'commit.after.job.created',
  'release.answer',
  'commit.after.job.observed',
  'commit.after.host.unreachable',
  'stop.before',
  'collect.after',
] as const;

/** An operator who clears, abandons, adopts and tries again without a look. */
export function drawHasty(random: Random, shape: WorldShape, horizonMs: number): Omit<Planned, 'number'>[] {
  const deeds = Array.from({ length: 2 + random.int(4) }, () => ({
    when: drawWhen(random, horizonMs),
    fault: {
      kind: 'hasty',
      case: random.chance(0.6) ? 'busy' : random.int(shape.cases.length),
      deed: random.pick(DEEDS),
    },
  })) satisfies Omit<Planned, 'number'>[];
  if (random.chance(0.5)) return deeds;
  // nobody can look, and their word is all there is
  const host = anyHost(random, shape);
  const passing = 1 + random.int(3);
  const at = (delayMs: number): When => ({ point: 'commit.after.job.observed', passing, delayMs });
  const cut: Fault = { kind: 'cut', host, cut: 'reset', forMs: 8_000 + spell(random) };
  return [
    ...deeds,
    { when: at(0), fault: cut },
    { when: at(500), fault: { kind: 'hasty', case: 'busy', deed: 'abandon, clear and retry' } },
  ];
}

function drawWhen(random: Random, horizonMs: number): When {
  if (random.chance(0.4)) return { atMs: random.between(1_000, horizonMs) };
  return { point: random.pick(POINTS), passing: 1 + random.int(3), delayMs: random.between(0, 3_000) };
}

/** Orders are handled every two seconds: some of these meet in one round, some do not. */
export function beHasty(world: World, { id }: CaseLine, deed: HastyDeed): void {
  const later = (delaysMs: readonly number[], act: (line: CaseLine) => void): void => {
    for (const delayMs of delaysMs) {
      world.timeline.after(delayMs, () => {
        const now = world.checker.page.cases.get(id);
        if (now !== undefined) act(now);
      });
    }
  };
  const order = (kind: 'cancel' | 'retry' | 'abandon' | 'pause' | 'resume', ...delaysMs: readonly number[]): void =>
    later(delaysMs, (line) => give(world.operator(), line, kind));
  switch (deed) {
    case 'clear':
      return clearBlindly(world);
    case 'cancel and retry':
      order('cancel', 0);
      return order('retry', 0, 500, 2_500);
    case 'abandon and clear':
      order('abandon', 0);
      return later([0, 2_500, 6_000], () => clearBlindly(world));
    case 'abandon, clear and retry':
      order('abandon', 0);
      later([2_500, 5_500], () => clearBlindly(world));
      return order('retry', 2_600, 6_000, 9_000);
    case 'adopt anything':
      return eachAttempt(world, (token) => ({ kind: 'adopt', caseId: id, token }));
    case 'kill anything':
      return eachAttempt(world, (token) => {
        world.witness.of(token).killOrdered = true;
        return { kind: 'kill_orphan', token };
      });
    case 'pause and resume':
      order('pause', 0, 3_000);
      return order('resume', 2_500, 9_000);
  }
}

/** `mqi slots clear` of all that is quarantined, whatever may run there. */
export function clearBlindly(world: World): void {
  for (const { host, name, state } of world.checker.page.slots) {
    if (state === 'quarantined') record(world, { kind: 'clear_slot', host, slot: name });
  }
}

/** Of whatever case, and whether it is an orphan or at work for its own. */
function eachAttempt(world: World, order: (token: string) => Order): void {
  for (const { token } of world.checker.page.attempts) record(world, order(token));
}

function record(world: World, order: Order): void {
  const { store, atMs } = world.operator();
  recordOrder(store, order, 'operator', 'in haste', atMs);
}

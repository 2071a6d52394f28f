import type { CaseChange } from '../../../src/supervisor/case/commit.ts';
import { FaultPoints } from '../faults/fault-points.ts';
import { perform } from '../faults/perform.ts';
import { Crashed, Incarnation } from '../incarnation.ts';
import type { World } from '../world.ts';
import { SimClock } from './sim-clock.ts';
import { createDaemon } from './sim-daemon.ts';
import type { SimDaemon } from './sim-daemon.ts';

/** systemd's own pause before it starts a failed service again (RestartSec), ms. */
const RESTART_MS = 5_000;

/** One daemon after the other, on the same database. */
export class Lives {
  readonly #world: World;
  readonly points = new FaultPoints();
  #daemon: SimDaemon | null = null;
  #count = 0;
  crashes = 0;

  constructor(world: World) {
    this.#world = world;
  }

  get isAlive(): boolean {
    return this.#daemon?.incarnation.alive === true;
  }

  start(): void {
    if (this.isAlive) return;
    const { timeline, database, history, checker, random } = this.#world;
    this.#count += 1;
    const incarnation = new Incarnation(this.#count, timeline);
    const store = database.openFor(incarnation, {
      beforeWrite: () => this.#passes('write.before'),
      afterWrite: () => {
        checker.committed();
        this.#passes('write.after');
      },
    });
    history.note(`the daemon starts (life ${this.#count})`);
    const before = checker.page;
    this.#living(incarnation, () => {
      this.#daemon = createDaemon({
        shape: this.#world.shape,
        incarnation,
        store,
        clock: new SimClock(timeline, incarnation, this.#world.wall, random),
        hosts: this.#world.hosts,
        overseer: checker,
        results: this.#world.results,
        folders: this.#world.folders,
        intake: {
          inspect: (path) => Promise.resolve({ kind: 'ready', found: this.#world.folders.read(path) }),
          admit: () => Promise.resolve({ admitted: 0, message: 'nothing is held back' }),
          isDeleted: ({ path }) => Promise.resolve(this.#world.folders.isMissing(path) === 'deleted'),
        },
        log: {
          debug: () => {},
          info: () => {},
          warn: () => {},
          error: (_, message) => {
            if (incarnation.alive) history.note(`log: ${message}`);
          },
        },
        failPoint: (name) => this.#passes(name),
      });
      this.#daemon.supervisor.onChange((change) => this.#note(change));
      this.#daemon.supervisor.start();
      checker.restarted(before);
    });
    // what came while it was down
    for (const { name, arrivesAtMs } of this.#world.shape.cases) if (arrivesAtMs <= timeline.nowMs) this.admit(name);
  }

  /** The intake's part: a folder that is complete becomes a case. */
  admit(name: string): void {
    const daemon = this.#daemon;
    if (daemon === null || !daemon.incarnation.alive) return;
    const { folders, database, checker } = this.#world;
    if (database.full || [...checker.page.cases.values()].some((line) => line.name === name)) return;
    this.#living(daemon.incarnation, () => void daemon.supervisor.admit(folders.read(folders.pathOf(name)), () => {}));
  }

  /** Whatever dies in it has died, and nothing follows. */
  #living(incarnation: Incarnation, act: () => void): void {
    incarnation.touched = true;
    try {
      act();
    } catch (error) {
      if (error instanceof Crashed) return;
      if (!this.#world.database.full) throw error;
      // a daemon that cannot write at its start gives up, and systemd starts it again
      this.crash('it cannot write its database', RESTART_MS);
    }
  }

  /** The daemon passes a place: what is planned there happens, and it may be its last. */
  #passes(point: string): 'go' | 'lost' {
    for (const planned of this.points.passes(point)) {
      const { fault, when } = planned;
      const delayMs = 'point' in when ? when.delayMs : 0;
      if (fault.kind === 'crash' && delayMs === 0) {
        this.crash(`at ${point}`, fault.downMs);
        throw new Crashed();
      }
      this.#world.timeline.after(delayMs, () => perform(this.#world, fault));
    }
    return 'go';
  }

  crash(where: string, downMs: number, restores = false): void {
    const { history, timeline } = this.#world;
    if (this.isAlive) {
      this.crashes += 1;
      history.note(`the daemon is killed, ${where}; back in ${(downMs / 1000).toFixed(1)} s`);
    }
    this.kill();
    if (restores) this.#world.restore();
    timeline.after(downMs, () => this.start());
  }

  kill(): void {
    this.#daemon?.incarnation.die();
    this.#daemon = null;
  }

  /** SIGTERM: it stops by itself, if nothing kills it before. */
  stopGracefully(downMs: number): void {
    const daemon = this.#daemon;
    if (daemon === null) return;
    const { history, timeline } = this.#world;
    history.note('the daemon is asked to stop');
    daemon.incarnation.touched = true;
    void daemon.supervisor.stop().then(() => {
      if (!daemon.incarnation.alive) return;
      history.note('the daemon has stopped');
      daemon.incarnation.die();
      if (this.#daemon === daemon) this.#daemon = null;
      timeline.after(downMs, () => this.start());
    });
  }

  freeze(forMs: number): void {
    if (this.#daemon !== null) this.#daemon.incarnation.frozenUntilMs = this.#world.timeline.nowMs + forMs;
  }

  /** Follows up what the daemon has begun, to the point where it waits for something. */
  async quiesce(): Promise<void> {
    const incarnation = this.#daemon?.incarnation;
    if (incarnation?.touched !== true) return;
    incarnation.touched = false;
    await new Promise(setImmediate);
  }

  #note({ row, event, from, to }: CaseChange): void {
    const { type, ...detail } = event;
    if (type === 'job.observed' && from === to) return;
    this.#world.history.note(`${row.name}: ${from ?? 'new'} → ${to} by ${type} ${summary(detail)}`);
  }
}

function summary(detail: object): string {
  const text = JSON.stringify(detail);
  return text === '{}' ? '' : text.slice(0, 160);
}

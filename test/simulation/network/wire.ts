import type { History } from '../history.ts';
import type { Random } from '../random.ts';
import type { Timeline } from '../timeline.ts';

/** `reset`: connections end at once. `black hole`: nothing comes any more, and nobody says so. */
export type CutKind = 'reset' | 'black hole';

/** What a flaky network does to one request, each by its own chance. */
export interface Flakiness {
  readonly losesRequest: number;
  readonly losesAnswer: number;
  readonly garblesAnswer: number;
  /** Held up somewhere on the way, for minutes perhaps: also after the one who sent it has died. */
  readonly delaysRequest: number;
  readonly delaysAnswer: number;
}

export const STEADY: Flakiness = {
  losesRequest: 0,
  losesAnswer: 0,
  garblesAnswer: 0,
  delaysRequest: 0,
  delaysAnswer: 0,
};

export type Fate = 'arrives' | 'request lost' | 'answer lost' | 'answer garbled';

/** The way from the daemon's machine to one host. It outlives every daemon. */
export class Wire {
  readonly host: string;
  readonly random: Random;
  readonly #timeline: Timeline;
  readonly #history: History;
  #cut: CutKind | null = null;
  flakiness: Flakiness = STEADY;
  /** Connections; each is told when nothing comes over it any more. */
  readonly onDeath = new Set<(kind: CutKind) => void>();
  #waiting: (() => void)[] = [];
  #toHold = 0;
  #answersToLose = 0;
  #held: (() => void)[] = [];

  constructor(host: string, deps: { readonly random: Random; readonly timeline: Timeline; readonly history: History }) {
    this.host = host;
    this.random = deps.random.fork(`wire ${host}`);
    this.#timeline = deps.timeline;
    this.#history = deps.history;
  }

  get cut(): CutKind | null {
    return this.#cut;
  }

  sever(kind: CutKind): void {
    this.#cut = kind;
    this.#history.note(`${this.host}: cut off (${kind})`);
    this.end(kind);
  }

  /** Ends the connections of now; the next ones may work. */
  end(kind: CutKind): void {
    for (const tell of this.onDeath) tell(kind);
  }

  heal(): void {
    if (this.#cut === null) return;
    this.#cut = null;
    this.#history.note(`${this.host}: within reach again`);
    // what a black hole had swallowed may be sent once more by TCP itself
    const late = this.#waiting;
    this.#waiting = [];
    for (const deliver of late) this.#timeline.after(this.random.between(0, 2_000), deliver);
  }

  /** For a scenario. */
  loseAnswers(count: number): void {
    this.#answersToLose = count;
  }

  drawFate(): Fate {
    if (this.#answersToLose > 0) {
      this.#answersToLose -= 1;
      return 'answer lost';
    }
    const { losesRequest, losesAnswer, garblesAnswer } = this.flakiness;
    const drawn = this.random.next();
    if (drawn < losesRequest) return 'request lost';
    if (drawn < losesRequest + losesAnswer) return 'answer lost';
    return drawn < losesRequest + losesAnswer + garblesAnswer ? 'answer garbled' : 'arrives';
  }

  /** For a scenario: the next requests stay on the way until they are let go, whatever becomes of their sender. */
  holdNext(count: number): void {
    this.#toHold = count;
  }

  letGo(): void {
    const held = this.#held;
    this.#held = [];
    for (const deliver of held) this.#timeline.after(1, deliver);
  }

  /** Carries a request to the host, late perhaps. */
  carryRequest(deliver: () => void): void {
    if (this.#toHold > 0) {
      this.#toHold -= 1;
      this.#held.push(deliver);
      return;
    }
    const delayMs = this.#travelMs(this.flakiness.delaysRequest, 180_000);
    this.#timeline.after(delayMs, () => {
      if (this.#cut === null) return deliver();
      if (this.#cut === 'black hole' && this.random.chance(0.5)) this.#waiting.push(deliver);
    });
  }

  /** Carries an answer back, unless the way is cut by then. */
  carryAnswer(deliver: () => void): void {
    this.#timeline.after(this.#travelMs(this.flakiness.delaysAnswer, 25_000), () => {
      if (this.#cut === null) deliver();
    });
  }

  #travelMs(likely: number, longestMs: number): number {
    if (likely > 0 && this.random.chance(likely)) return this.random.between(200, longestMs);
    return this.random.between(1, 30);
  }
}

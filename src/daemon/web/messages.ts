import type { WebConfig } from '../../config/config.ts';
import type { LogTail, WebSite } from '../../views/web/deps.ts';

/** How often the daemon's own thread says that it goes on. */
export const PULSE_MS = 2_000;

/** What the thread of the web page is started with. */
export interface WebWorkerData {
  readonly database: string;
  readonly web: WebConfig;
  readonly site: WebSite;
  /** The supervisor's pulse (pulse.ts). */
  readonly pulse: SharedArrayBuffer;
}

/** From the thread of the page to the daemon. */
export type FromWeb =
  | { readonly kind: 'listening'; readonly url: string }
  /** The page cannot be served at all. */
  | { readonly kind: 'trouble'; readonly reason: string }
  | {
      readonly kind: 'log';
      readonly level: 'info' | 'warn';
      readonly fields: Readonly<Record<string, unknown>>;
      readonly message: string;
    }
  | { readonly kind: 'ask'; readonly id: number; readonly question: WebQuestion };

/** What only the daemon itself knows. */
export type WebQuestion = {
  readonly about: 'tail';
  readonly host: string;
  readonly token: string;
  readonly stream: 'stdout' | 'stderr';
};

/** The answer to each question. */
export interface WebAnswers {
  readonly tail: LogTail;
}

/** From the daemon to the thread of the page. */
export type ToWeb =
  | { readonly kind: 'stop' }
  /** The daemon's own thread is not stuck: every `PULSE_MS`. */
  | { readonly kind: 'pulse' }
  | { readonly kind: 'answer'; readonly id: number; readonly answer: WebAnswers[WebQuestion['about']] };

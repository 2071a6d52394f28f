/** An operator's recorded request. Only the supervisor turns it into events; a CLI or a page never changes a case. */
export type Order =
  | { readonly kind: 'retry'; readonly caseId: string; readonly limitMs: number | null }
  | { readonly kind: 'cancel'; readonly caseId: string }
  | { readonly kind: 'pause'; readonly caseId: string }
  | { readonly kind: 'resume'; readonly caseId: string }
  | { readonly kind: 'limit'; readonly caseId: string; readonly limitMs: number }
  | { readonly kind: 'priority'; readonly caseId: string; readonly priority: number }
  | { readonly kind: 'abandon'; readonly caseId: string }
  /** Gives a found job back to its case; `token` may be left out where there is one orphan only. */
  | { readonly kind: 'adopt'; readonly caseId: string; readonly token: string | null }
  /** Ends a found job that no live case owns. */
  | { readonly kind: 'kill_orphan'; readonly token: string }
  /**
   * Takes a slot out of quarantine; with `busy`, disregards what else computes on its GPU. What was seen is said: by the
   * time that the order is handled, a quarantined slot may be a busy one.
   */
  | { readonly kind: 'clear_slot'; readonly host: string; readonly slot: string; readonly busy?: true }
  /** `path` null: all that the first start held back. */
  | { readonly kind: 'admit'; readonly path: string | null; readonly asDone: boolean }
  | { readonly kind: 'takeover'; readonly host: string };

export type OrderKind = Order['kind'];

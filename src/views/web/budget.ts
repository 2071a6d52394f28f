/** How often something may be done: `burst` at once, then `perSecond`. A token bucket. */
export interface Budget {
  /** False: not now. `atMs` is monotonic. */
  take(atMs: number): boolean;
  /** Milliseconds until one more is allowed. */
  waitMs(atMs: number): number;
}

export function createBudget(burst: number, perSecond: number): Budget {
  let left = burst;
  let lastMs: number | null = null;
  const refill = (atMs: number): void => {
    if (lastMs !== null) left = Math.min(burst, left + ((atMs - lastMs) * perSecond) / 1_000);
    lastMs = atMs;
  };
  return {
    take(atMs) {
      refill(atMs);
      if (left < 1) return false;
      left -= 1;
      return true;
    },
    waitMs(atMs) {
      refill(atMs);
      return left >= 1 ? 0 : ((1 - left) * 1_000) / perSecond;
    },
  };
}

/** Addresses that are remembered at once; beyond that the oldest is forgotten, so that nobody can fill the memory. */
const MOST_ADDRESSES = 1_000;

/** One budget for each address. */
export function createBudgets(burst: number, perSecond: number): (address: string) => Budget {
  const budgets = new Map<string, Budget>();
  return (address) => {
    const known = budgets.get(address) ?? createBudget(burst, perSecond);
    budgets.delete(address);
    budgets.set(address, known);
    if (budgets.size > MOST_ADDRESSES) budgets.delete(budgets.keys().next().value!);
    return known;
  };
}

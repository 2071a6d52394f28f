/**
 * Seeds that broke a promise, and what they found. A seed tells the same history only as long as the simulation draws the
 * same chances in the same order: what matters for ever is told as a scenario too (scenarios/found-defects.ts).
 */
export const KEPT_SEEDS: readonly { readonly seed: string; readonly found: string }[] = [
  { seed: '41097', found: 'a revoked attempt that was adopted never started, which is no defect: the check was' },
  {
    seed: '1694',
    found: 'an order whose own look was not answered ended no view of the cases there: the check thought so',
  },
  {
    seed: '4682',
    found: 'a case that was interrupted, and adopted by an order at once, was failed: the check overlooked it',
  },
  {
    seed: '18019',
    found: 'an order was done while its host was unreachable, and being connected to again: the check thought it seen',
  },
  { seed: '2505', found: 'nor did one that a restored database still took for queued' },
  { seed: '300498', found: 'what held an attempt up stayed a trouble when its case began anew' },
  {
    seed: '400181',
    found: 'an end that nobody could read while its job was proven gone is as good as lost: the check thought it wrong',
  },
  {
    seed: '400809',
    found: "a job that an operator's word permitted was still on its way when the word was over: the check forgot it",
  },
];

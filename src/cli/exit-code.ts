/** What scripts can tell from the exit code; the numbers from 64 on are those of sysexits.h. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  notFound: 66,
  cannotCreate: 73,
  tryLater: 75,
  config: 78,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Also the table in docs/cli.md; a test holds them together. */
export const EXIT_MEANINGS: ReadonlyMap<number, string> = new Map([
  [EXIT.ok, 'done; an order that no running daemon could take yet is kept, which is done too'],
  [EXIT.failed, 'refused, failed, or (doctor, cases watch) something that was checked has failed'],
  [EXIT.usage, 'wrong command line'],
  [EXIT.notFound, 'no such case, attempt, slot or host, or no database yet'],
  [EXIT.cannotCreate, 'a file or folder that is needed cannot be made'],
  [EXIT.tryLater, 'not now: another daemon or program holds it, or it is not there yet'],
  [EXIT.config, 'the configuration is wrong; every problem is named'],
  [EXIT.interrupted, 'ended by Ctrl-C before what was waited for (143: by SIGTERM)'],
]);

export function exitCodesText(): string {
  const lines = [...EXIT_MEANINGS].map(([code, meaning]) => `  ${String(code).padStart(3)}  ${meaning}`);
  return ['Exit codes of mqi:', '', ...lines, ''].join('\n');
}

import { isFinal } from '../../domain/case.ts';
import { listLiveCases } from '../../store/queries.ts';
import { inspectLive, inspectReplay } from '../../views/inspector.ts';
import type { InspectorOptions } from '../../views/inspector.ts';
import { resolveCase } from '../case-ref.ts';
import { CliError } from '../cli-error.ts';
import { EXIT } from '../exit-code.ts';
import type { ExitCode } from '../exit-code.ts';
import type { Io } from '../io.ts';
import { portFrom } from '../port.ts';
import { withSession } from '../session.ts';
import type { GlobalOptions, Session } from '../session.ts';
import { plural } from '../words.ts';

export interface InspectOptions extends GlobalOptions {
  /** True: every live case. */
  readonly live?: string | true;
  readonly replay?: string;
  readonly speed: string;
  readonly port: string;
  readonly inspector: string;
}

/** Serves the inspector's page for one case or all, until Ctrl-C. Reads the database only, daemon or none. */
export async function inspect(io: Io, options: InspectOptions): Promise<ExitCode> {
  if (options.live !== undefined && options.replay !== undefined) {
    throw new CliError('a case is followed live, or told again: not both', 'mqi visualize --replay CASE', EXIT.usage);
  }
  const port = portFrom(options.port, '--port');
  const speed = speedFrom(options.speed);
  const inspectorUrl = inspectorFrom(options.inspector);
  await withSession(io, options, 'read', async (session) => {
    const shared = (what: string): InspectorOptions => ({
      db: session.db,
      clock: io.clock,
      port,
      inspectorUrl,
      onReady: ({ url }) => {
        io.out.line(`${what}; Ctrl-C ends it`);
        io.out.line(`open  ${url}`);
      },
      onRefused: (reason) => io.err.line(`a connection was refused: ${reason}`),
    });
    try {
      if (options.replay === undefined) {
        const caseId = typeof options.live === 'string' ? resolveCase(session.db, options.live).id : null;
        await inspectLive({ ...shared(liveWords(session, caseId)), caseId }, io.interruption());
      } else {
        const row = resolveCase(session.db, options.replay);
        const far = isFinal(row.state) ? '' : ' as far as it is';
        await inspectReplay(
          { ...shared(`telling case ${row.id} again${far}`), caseId: row.id, speed },
          io.interruption(),
        );
      }
    } catch (error) {
      throw (error as NodeJS.ErrnoException).code === 'EADDRINUSE' ? portTaken(port) : error;
    }
  });
  return EXIT.ok;
}

function liveWords({ db }: Session, caseId: string | null): string {
  return caseId === null ? `following ${plural(listLiveCases(db).length, 'live case')}` : `following case ${caseId}`;
}

/** Null: step by step. */
function speedFrom(text: string): number | null {
  if (text === 'step') return null;
  const factor = Number(/^(\d+(?:\.\d+)?)x?$/.exec(text)?.[1] ?? '0');
  if (factor > 0) return factor;
  throw new CliError(`${text} is no speed`, 'give --speed 1x, 10x, 0.5x … or step', EXIT.usage);
}

function inspectorFrom(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url?.protocol === 'https:' || url?.protocol === 'http:') return url.href;
  throw new CliError(
    `${text} is no address of a page`,
    'give --inspector an https:// address, or leave it out',
    EXIT.usage,
  );
}

function portTaken(port: number): CliError {
  return new CliError(`port ${port} is taken`, 'leave --port out: a free one is found', EXIT.tryLater);
}

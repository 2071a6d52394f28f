import type { Context, Hono } from 'hono';

import { formatSize } from '../../domain/duration.ts';
import { isFinal } from '../../domain/case.ts';
import type { Clock } from '../../domain/clock.ts';
import { caseDetail, readCase } from '../../store/queries.ts';
import type { CaseDetail } from '../../store/queries.ts';
import { printableLog } from '../printable.ts';
import type { LogTail, WebDeps } from './deps.ts';
import { UnansweredError } from './disk.ts';
import type { Disk, Disks } from './disk.ts';
import type { FileLists } from './file-lists.ts';
import { endOfFile, openFile } from './files.ts';
import type { FileList, OpenedFile } from './files.ts';
import type { Refusals, WebEnv } from './guard.ts';

/** Downloads at once: each holds a file open for as long as the browser takes. */
const MOST_DOWNLOADS = 24;
/** A browser that takes nothing for so long has given up, or wants the place of others. */
const STALL_MS = 60_000;

/** What a job wrote is shown by nobody but an `<img>`, in which nothing runs; opened by itself it is in a box of its own. */
const FILE_HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy': "sandbox; default-src 'none'; style-src 'unsafe-inline'",
  'X-Content-Type-Options': 'nosniff',
};

const PICTURES: Readonly<Record<string, string>> = { png: 'image/png', svg: 'image/svg+xml' };

/** The end of a log that is collected; as much as comes of one that still grows. */
const TAIL_BYTES = 65_536;

/** Results, inputs and logs of cases: found by keys of what is listed, never by a path that somebody sent. */
export function mountDownloads(
  app: Hono<WebEnv>,
  shared: { readonly deps: WebDeps; readonly refusals: Refusals; readonly disks: Disks; readonly files: FileLists },
): void {
  const { deps, refusals, disks, files } = shared;
  const { reader, site } = deps;
  let open = 0;

  const send = async (c: Context<WebEnv>, disk: Disk, list: FileList | null, key: string): Promise<Response> => {
    if (open >= MOST_DOWNLOADS) {
      c.header('Retry-After', '10');
      return refusals.refuse(c, 503, 'too many downloads at once');
    }
    if (list?.isUnanswered === true) return unanswered(c);
    open += 1;
    let file: OpenedFile | null = null;
    try {
      file = list === null ? null : await openFile(disk, list, key);
    } catch (error) {
      if (error instanceof UnansweredError) return unanswered(c);
      throw error;
    } finally {
      if (file === null) open -= 1;
    }
    if (file === null) return refusals.refuse(c, 404, 'there is no such file');
    const body = watched(file.body, deps.clock, () => (open -= 1));
    const picture = PICTURES[file.path.split('.').at(-1)?.toLowerCase() ?? ''];
    const name = file.path.split('/').at(-1) ?? 'file';
    return c.body(body, 200, {
      ...FILE_HEADERS,
      'Content-Type': picture ?? 'application/octet-stream',
      'Content-Length': String(file.sizeBytes),
      'Content-Disposition': `${picture === undefined ? 'attachment' : 'inline'}; filename*=UTF-8''${encodeName(name)}`,
    });
  };

  const unanswered = (c: Context<WebEnv>): Response => {
    c.header('Retry-After', '10');
    return refusals.refuse(c, 503, 'the disk that it lies on does not answer');
  };

  app.get('/cases/:id/results/:attempt/:key', async (c) => {
    const row = readCase(reader.db, c.req.param('id'));
    const attempt = Number(c.req.param('attempt'));
    const isOne = row !== null && Number.isInteger(attempt) && attempt >= 1 && attempt <= row.attempt;
    const list = isOne ? await files.results(site.results, row.name, attempt) : null;
    return send(c, disks.results, list, c.req.param('key'));
  });

  app.get('/cases/:id/inputs/:key', async (c) => {
    const row = readCase(reader.db, c.req.param('id'));
    return send(c, disks.inputs, row === null ? null : await files.inputs(row.path), c.req.param('key'));
  });

  app.get('/cases/:id/log', async (c) => {
    const detail = caseDetail(reader.db, c.req.param('id'));
    if (detail === null) return refusals.refuse(c, 404, 'there is no such case');
    const stream = c.req.query('stream') === 'stderr' ? 'stderr' : 'stdout';
    const attempt = Number(c.req.query('attempt') ?? detail.row.attempt);
    const tail = await logOf(detail, attempt, stream);
    for (const [name, value] of Object.entries(FILE_HEADERS)) c.header(name, value);
    c.header('Mqi-Log', stateOf(detail, tail));
    return c.text(textOf(tail));
  });

  async function logOf(detail: CaseDetail, number: number, stream: 'stdout' | 'stderr'): Promise<LogTail> {
    const list = await files.results(site.results, detail.row.name, number);
    try {
      const collected = list === null ? null : await endOfFile(disks.results, list, stream, TAIL_BYTES);
      if (collected !== null) return { kind: 'text', ...collected };
    } catch (error) {
      if (error instanceof UnansweredError)
        return { kind: 'blind', reason: `the folder of its results: ${error.message}` };
      throw error;
    }
    const attempt = detail.attempts.findLast((row) => row.number === number);
    if (attempt === undefined || attempt.removedAt !== null) return { kind: 'absent' };
    return deps.tail(attempt.host, attempt.token, stream);
  }
}

/** `grows` while more may come: then it is asked for again. */
function stateOf({ row }: CaseDetail, tail: LogTail): string {
  return isFinal(row.state) && tail.kind === 'text' ? 'whole' : 'grows';
}

function textOf(tail: LogTail): string {
  switch (tail.kind) {
    case 'absent':
      return '(nothing was printed yet)\n';
    case 'blind':
      return `(it cannot be seen now: ${tail.reason})\n`;
    case 'text': {
      const begins =
        tail.from === 0
          ? ''
          : `(the last ${formatSize(tail.sizeBytes - tail.from)} of ${formatSize(tail.sizeBytes)})\n`;
      return begins + plain(tail.text);
    }
  }
}

/** Without its colours, which are no text of a page. */
function plain(text: string): string {
  return printableLog(text.replaceAll(/\u001b\[[0-9;]*m/g, '')).replaceAll('\r\n', '\n');
}

/** RFC 5987; a name is bytes that a user chose. */
function encodeName(name: string): string {
  return encodeURIComponent(name.toWellFormed()).replaceAll(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** The same bytes; tells once that they have ended, and ends them when nobody takes them. */
function watched(body: ReadableStream<Uint8Array>, clock: Clock, ended: () => void): ReadableStream<Uint8Array> {
  const source = body.getReader();
  let isOver = false;
  let cancelStall = (): void => {};
  const over = (): void => {
    cancelStall();
    if (!isOver) ended();
    isOver = true;
  };
  return new ReadableStream<Uint8Array>({
    start(controller) {
      cancelStall = clock.after(STALL_MS, () => stall(controller));
    },
    async pull(controller) {
      cancelStall();
      try {
        const { done, value } = await source.read();
        if (done) {
          over();
          return controller.close();
        }
        controller.enqueue(value);
        cancelStall = clock.after(STALL_MS, () => stall(controller));
      } catch (error) {
        over();
        controller.error(error);
      }
    },
    async cancel(reason) {
      over();
      await source.cancel(reason);
    },
  });

  function stall(controller: ReadableStreamDefaultController<Uint8Array>): void {
    over();
    controller.error(new Error('nobody takes it'));
    source.cancel().catch(() => {});
  }
}

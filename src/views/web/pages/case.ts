import { caseMachine } from '../../../../machines/index.ts';
import { isFinal, stateOf } from '../../../domain/case.ts';
import { formatSize } from '../../../domain/duration.ts';
import { attemptsByToken, caseDetail } from '../../../store/queries.ts';
import type { CaseDetail, HostRow } from '../../../store/queries.ts';
import { renderChart } from '../../diagram.ts';
import { failureNow } from '../../failure.ts';
import { progressOf, progressText } from '../../progress.ts';
import { seenMs } from '../../seen.ts';
import { explain, gatherWhy } from '../../why.ts';
import { clockOf, phaseBadge, stateBadge } from '../badge.ts';
import type { CaseFile, FileList } from '../files.ts';
import { ago, duration, html, lasting, moment, place, plural, raw, said } from '../html.ts';
import type { Content, Html } from '../html.ts';
import type { Page, Part, View } from '../page.ts';
import { actionsPart } from './case-actions.ts';
import { timeline } from './case-timeline.ts';
import { ordersTable } from './orders.ts';

/** Of each attempt. */
const MOST_LISTED = 200;
const MOST_PICTURES = 12;
/** A larger picture is downloaded. */
const LARGEST_PICTURE_BYTES = 8 * 2 ** 20;

export async function casePage(view: View, id: string): Promise<Page | null> {
  const { db, site, nowMs } = view;
  const detail = caseDetail(db, id);
  const facts = detail === null ? null : gatherWhy(db, id, site.why, { running: true }, nowMs);
  if (detail === null || facts === null) return null;
  const { row } = detail;
  const why = explain(facts);
  const host = facts.hosts.find(({ name }) => name === row.host);
  const failure = failureNow(row.failure, detail.attempts.find(({ token }) => token === row.token) ?? null);
  // the sentence says what the failure says, unless something was found besides
  const isSaid = failure !== null && facts.heldBackBy.every((attempt) => attempt.orphan === null);
  const numbers = [...new Set(detail.attempts.map((attempt) => attempt.number))].toReversed();
  const [lists, inputList] = await Promise.all([
    Promise.all(numbers.map((number) => view.files.results(site.results, row.name, number))),
    view.files.inputs(row.path),
  ]);
  const results = numbers.flatMap((number, index) => {
    const list = lists[index] ?? null;
    return list === null ? [] : [{ number, list }];
  });
  const log: Part = {
    id: 'log',
    body: html`<h2>Log</h2>
      ${logLinks(detail)}`,
  };
  const collected: Part = {
    id: 'results',
    body: html`<h2>Results</h2>
      ${
        results.length === 0
          ? html`<p class="calm">
              ${isFinal(row.state) ? 'Nothing was collected.' : 'They are collected when the job ends.'}
            </p>`
          : results.map(({ number, list }) => resultsOf(id, number, list, results.length > 1))
      }`,
  };
  const about: readonly Part[] = [
    { id: 'facts', area: 'half', body: factsPart(detail, host) },
    { id: 'actions', area: 'half', body: actionsPart(view, row, facts.heldBackBy) },
  ];
  return {
    title: said(row.name),
    nav: 'cases',
    caseId: id,
    head: html`<h1>${said(row.name)}</h1>`,
    parts: [
      {
        id: 'state',
        body: html`<p class="lead">
            ${stateBadge(row.state)} ${row.phase === row.state ? '' : phaseBadge(row.phase)}
            <span>${isFinal(row.state) ? ago(row.phaseSince) : lasting(row.phaseSince)}</span>
          </p>
          ${isSaid ? '' : html`<p class="why">${said(why.sentence)}</p>`}
          ${why.next === null || failure !== null ? '' : html`<p class="next">Next: <code>${said(why.next)}</code></p>`}
          ${
            failure === null
              ? ''
              : html`<div class="failure" role="note">
                  <strong>${failure.kind}</strong>
                  <p>${said(failure.message)}</p>
                  <p class="next">Next: <code>${said(failure.hint)}</code></p>
                  ${why.more === null ? '' : html`<p><small>More: ${why.more}</small></p>`}
                </div>`
          }
          ${live(view, detail, host)}`,
      },
      ...(row.state === 'completed'
        ? [collected, ...about, log]
        : [...about, ...(results.length === 0 ? [log, collected] : [collected, log])]),
      { id: 'timeline', area: 'half', body: timeline(detail) },
      { id: 'inputs', area: 'half', body: inputs(id, inputList) },
      {
        id: 'chart',
        body: html`<h2>Where it is</h2>
          <div class="picture scroll">${raw(renderChart(caseMachine, [litOf(detail)]))}</div>`,
      },
      ...(detail.orders.length === 0
        ? []
        : [
            {
              id: 'orders',
              body: html`<h2>Orders</h2>
                ${ordersTable(detail.orders.toReversed().map((order) => ({ ...order, caseName: null })))}`,
            },
          ]),
    ],
  };
}

/** `running.executing`, as the machine has it. */
function litOf({ row }: CaseDetail): string {
  return row.state === row.phase ? row.state : `${stateOf(row.phase)}.${row.phase}`;
}

/** What moves while somebody looks: the clock of a job, the bytes of a transfer. */
function live({ db }: View, { row }: CaseDetail, host: HostRow | undefined): Content {
  if (row.phase === 'executing') return html`<p class="progress">${clockOf(row, host)}</p>`;
  if ((row.phase !== 'staging' && row.phase !== 'collecting') || row.token === null) return '';
  const attempt = attemptsByToken(db, [row.token]).get(row.token);
  if (attempt === undefined || attempt.movedBytes === 0) return '';
  const { movedBytes, totalBytes } = attempt;
  return html`<p class="progress">
    ${totalBytes === null ? '' : html`<progress max="${Math.max(1, totalBytes)}" value="${movedBytes}"></progress>`}
    <span class="num">${progressText(progressOf(movedBytes, totalBytes, 0, 0))}</span>
  </p>`;
}

function factsPart({ row, attempts }: CaseDetail, host: HostRow | undefined): Html {
  const facts: readonly (readonly [string, Content])[] = [
    ['Id', html`<code>${row.id}</code>`],
    ['Folder', html`<code>${said(row.path)}</code>`],
    ['Content', `${plural(row.files, 'file')}, ${formatSize(row.sizeBytes)}`],
    ['Attempt', `${row.attempt}${attempts.length > 1 ? ` (${attempts.length} were sent to a host)` : ''}`],
    ...(row.host === null ? [] : [['Where', place(row.host, row.slot)] as const]),
    ...(row.jobId === null ? [] : [['Job', row.jobId] as const]),
    ...(row.token === null ? [] : [['Token', html`<code>${row.token}</code>`] as const]),
    ['Seen running', `${duration(seenMs(row, host))} of ${duration(row.limitMs)}`],
    ...(row.priority === 0 ? [] : [['Priority', String(row.priority)] as const]),
    ['Admitted', moment(row.createdAt)],
    ['Fingerprint', html`<code title="${row.fingerprint}">${row.fingerprint.slice(0, 16)}…</code>`],
  ];
  return html`<h2>Facts</h2>
    <dl class="facts">
      ${facts.map(
        ([name, value]) =>
          html`<div>
            <dt>${name}</dt>
            <dd>${value}</dd>
          </div>`,
      )}
    </dl>`;
}

function resultsOf(id: string, number: number, list: FileList, named: boolean): Html {
  const address = (file: CaseFile): string => `/cases/${id}/results/${number}/${file.key}`;
  const pictures = list.files
    .filter(({ path, sizeBytes }) => /\.(svg|png)$/i.test(path) && sizeBytes <= LARGEST_PICTURE_BYTES)
    .slice(0, MOST_PICTURES);
  return html`${named ? html`<h3>Attempt ${number}</h3>` : ''}
  ${list.trouble === null ? '' : html`<p class="bad">The folder <code>${said(list.folder)}</code> cannot be read: ${said(list.trouble)}</p>`}
  ${
    pictures.length === 0
      ? ''
      : html`<div class="pictures">
          ${pictures.map(
            (file) =>
              html`<figure>
                <a href="${address(file)}"><img src="${address(file)}" alt="${said(file.path)}" loading="lazy" /></a>
                <figcaption>${said(file.path)}</figcaption>
              </figure>`,
          )}
        </div>`
  }
  ${fileTable(list, `Results of attempt ${number}`, address)}`;
}

function inputs(id: string, list: FileList): Html {
  return html`<h2>Inputs</h2>
    ${list.trouble === null ? '' : html`<p class="bad">The folder cannot be read: ${said(list.trouble)}</p>`}
    ${fileTable(list, 'What lies in the folder of the case now', (file) => `/cases/${id}/inputs/${file.key}`)}`;
}

function fileTable(list: FileList, caption: string, address: (file: CaseFile) => string): Content {
  if (list.files.length === 0) return '';
  const shown = list.files.slice(0, MOST_LISTED);
  const isCut = list.isCut || shown.length < list.files.length;
  return html`<details class="files" ${list.files.length <= 12 ? 'open' : ''}>
    <summary>
      ${list.isCut ? 'more than ' : ''}${plural(list.files.length, 'file')} in <code>${said(list.folder)}</code>
    </summary>
    <table>
      <caption class="sr">
        ${caption}
      </caption>
      <thead class="sr">
        <tr>
          <th scope="col">File</th>
          <th scope="col">Size</th>
        </tr>
      </thead>
      <tbody>
        ${shown.map(
          (file) =>
            html`<tr>
              <td><a href="${address(file)}" download>${said(file.path)}</a></td>
              <td class="right num">${formatSize(file.sizeBytes)}</td>
            </tr>`,
        )}
      </tbody>
    </table>
    ${isCut ? html`<p class="calm">The rest is in the folder.</p>` : ''}
  </details>`;
}

/** Fetched by script while it is looked at, and by a link without. */
function logLinks({ row, attempts }: CaseDetail): Html {
  if (attempts.length === 0) return html`<p class="calm">Nothing of it has run yet.</p>`;
  const follows = isFinal(row.state) ? 'no' : 'yes';
  const address = (stream: string): string => `/cases/${row.id}/log?attempt=${row.attempt}&stream=${stream}`;
  return html`<div class="tail" data-tail="${address('stdout')}" data-follow="${follows}">
    <p class="tabs">
      <a href="${address('stdout')}" data-stream aria-current="true">stdout</a>
      <a href="${address('stderr')}" data-stream>stderr</a>
      <span class="said" role="status"></span>
    </p>
    <pre tabindex="0" aria-label="the end of the log"></pre>
  </div>`;
}

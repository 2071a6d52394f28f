import type { AnyStateMachine } from 'xstate';

import { caseMachine, linkMachine } from '../../../../machines/index.ts';
import { PHASES, stateOf } from '../../../domain/case.ts';
import type { Phase } from '../../../domain/case.ts';
import { countCases, listHosts } from '../../../store/queries.ts';
import { renderChart } from '../../diagram.ts';
import { countsShape } from '../../shapes.ts';
import { html, raw } from '../html.ts';
import type { Html } from '../html.ts';
import type { Page, View } from '../page.ts';

/** The machines as they are, with the states lit in which something is now. */
export function machinesPage({ db }: View): Page {
  const { phases } = countsShape(countCases(db));
  const hosts = listHosts(db);
  const live = (Object.keys(phases) as Phase[]).filter((phase) => phases[phase] > 0);
  const caseCounts = new Map(
    Object.values(PHASES)
      .flat()
      .map((phase) => [pathOf(phase), phases[phase]] as const),
  );
  const linkCounts = new Map(
    (['connecting', 'online', 'offline'] as const).map((state) => [
      state,
      hosts.filter((host) => host.state === state).length,
    ]),
  );
  return {
    title: 'Machines',
    nav: 'machines',
    caseId: null,
    head: html`<h1>Machines</h1>
      <p>How a case and a connection can move. Lit: where some are now.</p>`,
    parts: [
      { id: 'case', body: machine('A case', caseMachine, live.map(pathOf), caseCounts, 'cases') },
      {
        id: 'link',
        body: machine(
          'The connection to a host',
          linkMachine,
          [...new Set(hosts.map((host) => host.state))],
          linkCounts,
          'hosts',
        ),
      },
    ],
  };
}

function pathOf(phase: Phase): string {
  const state = stateOf(phase);
  return state === phase ? state : `${state}.${phase}`;
}

function machine(
  title: string,
  definition: AnyStateMachine,
  lit: readonly string[],
  counts: ReadonlyMap<string, number>,
  things: string,
): Html {
  const states = statesOf(definition);
  return html`<h2>${title}</h2>
    <p class="calm">${definition.root.description}</p>
    <div class="picture">${raw(renderChart(definition, lit))}</div>
    <details>
      <summary>The states in words</summary>
      <table>
        <caption class="sr">
          States of ${title.toLowerCase()}
        </caption>
        <thead>
          <tr>
            <th scope="col">State</th>
            <th scope="col" class="right">${things} there</th>
            <th scope="col">What it means, and who moves it on</th>
          </tr>
        </thead>
        <tbody>
          ${states.map(
            ({ path, description }) =>
              html`<tr>
                <th scope="row">${path}</th>
                <td class="right num">${counts.get(path) ?? ''}</td>
                <td>${description}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </details>`;
}

interface Described {
  readonly path: string;
  readonly description: string;
}

function statesOf(definition: AnyStateMachine): readonly Described[] {
  const found: Described[] = [];
  const visit = (node: AnyStateMachine['root'], path: readonly string[]): void => {
    for (const [key, child] of Object.entries(node.states)) {
      found.push({ path: [...path, key].join('.'), description: child.description ?? '' });
      visit(child, [...path, key]);
    }
  };
  visit(definition.root, []);
  return found;
}

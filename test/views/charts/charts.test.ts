import { join } from 'node:path';

import { expect, it } from 'vitest';

import { chartOf } from '../../../src/views/diagram/chart.ts';
import { MACHINES, exportMachine } from '../../../src/views/diagram/export.ts';
import type { StoredLayout } from '../../../src/views/diagram/stored-layout.ts';
import { layOut } from './elk-layout.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const FILE = join(ROOT, 'src', 'views', 'diagram', 'layouts.ts');

/** `npm run charts` is these tests with -u: they write the files. After a change of a machine it wants to run twice. */
it('the places of the pictures are those of the machines as they are now (else: npm run charts)', async () => {
  const layouts = await Promise.all(
    [...MACHINES.values()].map(async (machine) => {
      const chart = chartOf(machine);
      return [chart.id, await layOut(chart)] as const;
    }),
  );
  await expect(moduleText(layouts)).toMatchFileSnapshot(FILE);
});

it.each([...MACHINES.values()])(
  'docs/machines has the picture of $id as it is now (else: npm run charts)',
  async (machine) => {
    await expect(exportMachine(machine, 'svg')).toMatchFileSnapshot(
      join(ROOT, 'docs', 'machines', `${machine.id}.svg`),
    );
  },
);

/** A line an item: a change can be read. */
function moduleText(layouts: readonly (readonly [string, StoredLayout])[]): string {
  return [
    "import type { StoredLayout } from './stored-layout.ts';",
    '',
    '/** Written by `npm run charts`: where everything stands in the picture of each machine, px. */',
    'export const LAYOUTS: Readonly<Record<string, StoredLayout>> = {',
    ...layouts.flatMap(([id, { size, boxes, arrows, initials }]) => [
      `  ${id}: {`,
      `    size: ${JSON.stringify(size)},`,
      '    boxes: {',
      ...Object.entries(boxes).map(([path, numbers]) => `      '${path}': ${JSON.stringify(numbers)},`),
      '    },',
      '    arrows: {',
      ...Object.entries(arrows).map(
        ([name, { label, line }]) =>
          `      '${name}': { label: ${JSON.stringify(label)}, line: ${JSON.stringify(line)} },`,
      ),
      '    },',
      '    initials: [',
      ...initials.map((line) => `      ${JSON.stringify(line)},`),
      '    ],',
      '  },',
    ]),
    '};',
    '',
  ].join('\n');
}

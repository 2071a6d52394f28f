import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const EXAMPLES = resolve(import.meta.dirname, '../../examples');
const BRAGG = join(EXAMPLES, 'bragg', 'bragg.mjs');
const HEADER =
  'depth_mm,dose_MeV_per_mm_per_proton,dose_nGy_cm2_per_proton,dose_percent_of_max,standard_error_percent_of_max';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'bragg-'));
  mkdirSync(join(home, 'inputs'));
});
afterEach(() => {
  rmSync(home, { recursive: true, force: true });
});

function bragg(...args: string[]) {
  return spawnSync(process.execPath, [BRAGG, ...args], { cwd: home, encoding: 'utf8', timeout: 30_000 });
}

/** Runs with the default folders, on a beam.json of this text (or object). */
function runOn(beam: unknown) {
  writeFileSync(join(home, 'inputs', 'beam.json'), typeof beam === 'string' ? beam : JSON.stringify(beam));
  return bragg();
}

const output = (name: string) => readFileSync(join(home, 'output', name), 'utf8');

function doseRows(): number[][] {
  const [header, ...lines] = output('dose.csv').trimEnd().split('\n');
  expect(header).toBe(HEADER);
  return lines.map((line) => line.split(',').map(Number));
}

const column = (rows: number[][], index: number) => rows.map((row) => row[index] ?? NaN);

describe('physics', () => {
  test.each([
    { energyMeV: 100, pstarMm: 77.2 },
    { energyMeV: 150, pstarMm: 157.6 },
    { energyMeV: 200, pstarMm: 259.6 },
  ])('R80 at $energyMeV MeV is within 2 % of the PSTAR range $pstarMm mm', ({ energyMeV, pstarMm }) => {
    const run = runOn({ energyMeV, histories: 1000 });
    expect(run.stderr).toBe('');
    expect(run.status).toBe(0);
    const r80Mm = Number(/R80 ([\d.]+) mm/.exec(run.stdout)?.[1]);
    expect(Math.abs(r80Mm / pstarMm - 1)).toBeLessThan(0.02);
  });

  test('the curve has a peak, falls to nothing, and holds the energy of the beam', () => {
    expect(runOn({ energyMeV: 150, histories: 1000 }).status).toBe(0);
    const rows = doseRows();
    const doseMeVPerMm = column(rows, 1);
    const peak = doseMeVPerMm.indexOf(Math.max(...doseMeVPerMm));
    expect(rows[peak]?.[0]).toBeGreaterThan(152);
    expect(rows[peak]?.[0]).toBeLessThan(158);
    expect((doseMeVPerMm[peak] ?? 0) / (doseMeVPerMm[0] ?? NaN)).toBeGreaterThan(3);
    expect(doseMeVPerMm.at(-1)).toBe(0);
    // Bins are 1 mm. Some 4 % leaves with the neutrons and photons of nuclear interactions.
    const totalMeV = doseMeVPerMm.reduce((a, b) => a + b, 0);
    expect(totalMeV).toBeGreaterThan(140);
    expect(totalMeV).toBeLessThan(148);
  });

  test('water shallower than the range gives a curve and no R80', () => {
    const run = runOn({ energyMeV: 150, histories: 100, depthMm: 50 });
    expect(run.status).toBe(0);
    expect(run.stdout).toMatch(/R80 deeper than 50 mm/);
    expect(output('dose.svg')).not.toContain('R80');
  });
});

describe('dose.csv', () => {
  test('has one row of five finite numbers a bin, at the middle of the bin', () => {
    expect(runOn({ energyMeV: 100, histories: 200, depthMm: 90, binMm: 0.3 }).status).toBe(0);
    const rows = doseRows();
    expect(rows).toHaveLength(300);
    for (const row of rows) {
      expect(row).toHaveLength(5);
      expect(row.every((value) => Number.isFinite(value) && value >= 0)).toBe(true);
    }
    expect(rows[0]?.[0]).toBe(0.15);
    expect(rows.at(-1)?.[0]).toBe(89.85);
    expect(Math.max(...column(rows, 3))).toBe(100);
  });

  test('is the same byte for byte from the same beam.json, and another with another seed', () => {
    const beam = { energyMeV: 120, histories: 300, seed: 7 };
    const csvs = [beam, beam, { ...beam, seed: 8 }].map((each) => {
      expect(runOn(each).status).toBe(0);
      return output('dose.csv');
    });
    expect(csvs[1]).toBe(csvs[0]);
    expect(csvs[2]).not.toBe(csvs[0]);
  });

  test('leaves the standard error empty for a single history', () => {
    expect(runOn({ energyMeV: 100, histories: 1 }).status).toBe(0);
    expect(output('dose.csv').split('\n')[1]).toMatch(/,$/);
  });
});

describe('dose.svg', () => {
  /** Every tag closed by its own kind, every attribute quoted, nothing left over. */
  function expectWellFormed(svg: string): void {
    const open: string[] = [];
    const rest = svg.replaceAll(/<(\/?)([A-Za-z]+)((?:\s[\w:-]+="[^"<]*")*)\s*(\/?)>/g, (_, end, name, __, empty) => {
      if (end) expect(open.pop()).toBe(name);
      else if (!empty) open.push(name);
      return '';
    });
    expect(open).toEqual([]);
    expect(rest).not.toMatch(/[<>]|&(?!\w+;)/);
  }

  test('is well formed, self-contained and says what it shows', () => {
    expect(runOn({ energyMeV: 150, histories: 500 }).status).toBe(0);
    const svg = output('dose.svg');
    expectWellFormed(svg);
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
    expect(svg).not.toMatch(/<script|<foreignObject|href|\son\w+=|NaN|Infinity|undefined/i);
    for (const text of ['150 MeV', '500 histories', 'Depth in water (mm)', 'Dose (% of maximum)', 'R80 = ']) {
      expect(svg).toContain(text);
    }
  });
});

describe('stdout', () => {
  test('shows progress and ends with a summary', () => {
    const lines = runOn({ energyMeV: 100, histories: 500 }).stdout.trimEnd().split('\n');
    expect(lines.filter((line) => / %  \d+ histories/.test(line))).toHaveLength(5);
    expect(lines.at(-1)).toMatch(/^done: R80 [\d.]+ mm, peak\/entrance [\d.]+, 500 histories, [\d.]+ s$/);
  });
});

describe('bad input exits 3 with one line that says what and what to change', () => {
  function expectBadInput(run: ReturnType<typeof bragg>, reason: RegExp): void {
    expect(run.stderr).toMatch(reason);
    expect(run.stderr).toMatch(/^bad input: .+: .+\n$/); // one line, and no stack
    expect(run.status).toBe(3);
    expect(existsSync(join(home, 'output'))).toBe(false);
  }

  const good = { energyMeV: 150, histories: 10 };
  test.each<[string, unknown, RegExp]>([
    ['bad JSON', '{"energyMeV": 150,\n\n}', /not valid JSON/],
    ['an empty file', '', /not valid JSON/],
    ['no object', '[150]', /not an object/],
    ['an unknown key', { ...good, energyMev: 150 }, /unknown key "energyMev".*energyMeV/],
    ['no energy', { histories: 10 }, /no energyMeV/],
    ['an energy that is text', { energyMeV: '150' }, /energyMeV is "150", not a number/],
    ['too low an energy', { ...good, energyMeV: 9.9 }, /energyMeV is 9.9, outside 10\.\.250/],
    ['too high an energy', { ...good, energyMeV: 400 }, /energyMeV is 400, outside 10\.\.250/],
    ['no histories', { ...good, histories: 0 }, /histories is 0, outside/],
    ['too many histories', { ...good, histories: 10_000_001 }, /histories is 10000001, outside/],
    ['half a history', { ...good, histories: 10.5 }, /histories is 10.5, not a whole number/],
    ['a negative spread', { ...good, energySpreadMeV: -1 }, /energySpreadMeV is -1, outside/],
    ['a spread too wide for the energy', { ...good, energySpreadMeV: 16 }, /over a tenth of energyMeV.*15 or less/],
    ['no depth', { ...good, depthMm: null }, /depthMm is null, not a number/],
    ['too thin a bin', { ...good, binMm: 0.01 }, /binMm is 0.01, outside/],
    ['too few bins', { ...good, depthMm: 20, binMm: 5 }, /binMm is 5.*set binMm to 2 or less/],
    ['a negative seed', { ...good, seed: -1 }, /seed is -1, outside/],
  ])('%s', (_, beam, reason) => {
    expectBadInput(runOn(beam), reason);
  });

  test('no beam.json', () => {
    expectBadInput(bragg(), /cannot read inputs.beam\.json \(ENOENT\)/);
  });
});

test('output that cannot be written exits 1', () => {
  writeFileSync(join(home, 'output'), 'a file in the way');
  const run = runOn({ energyMeV: 100, histories: 1 });
  expect(run.stderr).toMatch(/^cannot write the output: .+\n$/);
  expect(run.status).toBe(1);
});

describe('examples/cases', () => {
  test.each(['prostate-150MeV', 'brain-100MeV', 'lung-120MeV'])('%s runs', (name) => {
    const beam = JSON.parse(readFileSync(join(EXAMPLES, 'cases', name, 'beam.json'), 'utf8')) as { energyMeV: number };
    expect(name).toContain(`-${beam.energyMeV}MeV`);
    // The case as shipped, with fewer histories: its full work is for the demo.
    const run = runOn({ ...beam, histories: 100 });
    expect(run.stderr).toBe('');
    expect(run.status).toBe(0);
  });

  test('bad-energy exits 3 with its reason', () => {
    const run = bragg(join(EXAMPLES, 'cases', 'bad-energy'), 'output');
    expect(run.stderr).toMatch(/energyMeV is 400, outside 10\.\.250 MeV/);
    expect(run.status).toBe(3);
  });
});

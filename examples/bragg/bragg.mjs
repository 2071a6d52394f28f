#!/usr/bin/env node
// Monte Carlo depth dose of a proton beam in water (a Bragg curve).
//
//   node bragg.mjs [INPUTS_DIR] [OUTPUT_DIR]      defaults: ./inputs ./output
//
// Reads INPUTS_DIR/beam.json; writes OUTPUT_DIR/dose.csv and OUTPUT_DIR/dose.svg.
// Exit codes: 0 done, 1 the output could not be written, 2 wrong command line, 3 bad input.
//
// Modelled, proton by proton, in condensed-history steps:
//   - energy loss: Bethe stopping power [1], mean excitation energy from ICRU 49 [2];
//   - energy straggling: Gaussian, Bohr's variance with the relativistic factor [1];
//   - multiple Coulomb scattering: Gaussian angles, Gottschalk's differential Moliere scattering power [3];
//   - nonelastic nuclear interactions: Bortfeld's fluence reduction and local absorption [4].
// Not modelled:
//   - shell, Barkas and Bloch corrections (under 1 % of the stopping power from 10 MeV up) and the density
//     effect (zero in water below 900 MeV);
//   - the tails that a Gaussian lacks: Landau/Vavilov energy losses, single large-angle scatters;
//   - tracks of secondary particles (delta electrons, secondary protons, neutrons, photons), so there is no
//     build-up in the first millimetres and no dose beyond the range;
//   - lateral spread: the dose is integrated over the plane (a laterally infinite chamber);
//   - protons below 1 MeV, which have under 0.025 mm to go: they stop where they are.
//
// [1] Particle Data Group, Review of Particle Physics (2022), ch. 34, Passage of Particles Through Matter.
// [2] ICRU Report 49 (1993), the source of the NIST PSTAR tables, https://physics.nist.gov/PhysRefData/Star/Text/PSTAR.html
// [3] B. Gottschalk, On the scattering power of protons, Med. Phys. 37 (2010) 352.
// [4] T. Bortfeld, An analytical approximation of the Bragg curve, Med. Phys. 24 (1997) 2024.
// [5] D. Blackman, S. Vigna, Scrambled linear pseudorandom number generators, ACM TOMS 47 (2021) 36.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

// ---------------------------------------------------------------------------- constants

// CODATA 2018
const PROTON_MASS_MEV = 938.272;
const ELECTRON_MASS_MEV = 0.510999;
const JOULE_PER_MEV = 1.602177e-13;

const BETHE_K_MEV_CM2_PER_MOL = 0.307075; // 4 pi N_A r_e^2 m_e c^2 [1]

const WATER_Z_OVER_A_MOL_PER_G = 0.55508; // [2]
const WATER_MEAN_EXCITATION_MEV = 75.0e-6; // [2], as PSTAR; ICRU 90 has since moved to 78 eV (range + 0.5 %)
const WATER_DENSITY_G_PER_CM3 = 1.0;
const WATER_SCATTERING_LENGTH_MM = 468.8; // [3]
const SCATTERING_ENERGY_MEV = 15.0; // E_s in [3]

const NUCLEAR_REMOVAL_PER_MM = 0.0012; // beta = 0.012 / cm [4]
const NUCLEAR_LOCAL_FRACTION = 0.6; // gamma [4]; the rest leaves with neutrons and photons

const CUTOFF_MEV = 1.0;
const CUTOFF_RANGE_MM = 0.02458; // CSDA range at the cutoff [2]

// Short enough that halving the steps moves R80 by less than 0.1 mm, long enough that each holds many
// collisions: in much shorter steps the Gaussian would reach below zero and its cut would eat straggling.
const MAX_STEP_MM = 0.5;
const MAX_STEP_ENERGY_FRACTION = 0.04;

const TABLE_SPACING_MEV = 0.05;
const SPREAD_CUT_SIGMA = 4; // sampled beam energies stay within this, so the tables have an end
const BATCHES = 10; // the spread between batches gives the statistical uncertainty
const MM_PER_CM = 10;

const EXIT_OUTPUT = 1;
const EXIT_USAGE = 2;
const EXIT_BAD_INPUT = 3;

// ---------------------------------------------------------------------------- input

/** Something the user has to change in beam.json: the message says what, why and what to do. */
class BadInput extends Error {}

/** Every key of beam.json; one without a `fallback` is required. depthMm's depends on the energy. */
const FIELDS = {
  energyMeV: { min: 10, max: 250, unit: 'MeV', why: 'the model holds for therapeutic protons' },
  energySpreadMeV: {
    min: 0,
    max: 25,
    unit: 'MeV',
    why: 'it is the standard deviation of a narrow beam',
    fallback: 0.8,
  },
  histories: { min: 1, max: 1e7, whole: true, why: 'it is the number of protons to follow', fallback: 20_000 },
  depthMm: { min: 1, max: 1000, unit: 'mm', why: 'it is the depth of the water scored', fallback: null },
  binMm: { min: 0.1, max: 10, unit: 'mm', why: 'it is the thickness of one dose bin', fallback: 1 },
  seed: { min: 0, max: 2 ** 32 - 1, whole: true, why: 'the random generator is seeded with 32 bits', fallback: 1 },
};

function readBeam(inputsDir) {
  const beam = parseBeam(readBeamText(join(inputsDir, 'beam.json')));
  rejectUnknownKeys(beam);
  const fields = Object.fromEntries(Object.keys(FIELDS).map((name) => [name, checkedField(beam, name)]));
  return checkedTogether(fields);
}

function readBeamText(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new BadInput(`cannot read ${path} (${error.code}): put a beam.json in the inputs folder`);
  }
}

function parseBeam(text) {
  let beam;
  try {
    beam = JSON.parse(text);
  } catch (error) {
    throw new BadInput(`beam.json is not valid JSON (${oneLine(error.message)}): correct it there`);
  }
  if (beam === null || typeof beam !== 'object' || Array.isArray(beam)) {
    throw new BadInput(`beam.json holds ${shown(beam)}, not an object: write it like {"energyMeV": 150}`);
  }
  return beam;
}

function rejectUnknownKeys(beam) {
  const unknown = Object.keys(beam).find((key) => !Object.hasOwn(FIELDS, key));
  if (unknown === undefined) return;
  throw new BadInput(
    `beam.json has an unknown key ${shown(unknown)}: remove it or use one of ${Object.keys(FIELDS).join(', ')}`,
  );
}

function checkedField(beam, name) {
  const { min, max, unit, whole, why, fallback } = FIELDS[name];
  const range = `a ${whole ? 'whole ' : ''}number from ${min} to ${max}${unit ? ` ${unit}` : ''}`;
  const value = beam[name];
  if (value === undefined) {
    if (fallback !== undefined) return fallback;
    throw new BadInput(`beam.json has no ${name}, which has no default: add it, ${range}`);
  }
  if (typeof value !== 'number') {
    throw new BadInput(`${name} is ${shown(value)}, not a number: write it without quotes, ${range}`);
  }
  if (value < min || value > max) {
    throw new BadInput(
      `${name} is ${value}, outside ${min}..${max}${unit ? ` ${unit}` : ''} (${why}): set it to ${range}`,
    );
  }
  if (whole && !Number.isInteger(value)) {
    throw new BadInput(`${name} is ${value}, not a whole number (${why}): set it to ${range}`);
  }
  return value;
}

/** The checks and the default that need two fields. */
function checkedTogether(fields) {
  const { energyMeV, energySpreadMeV, binMm } = fields;
  const maxSpreadMeV = energyMeV / 10;
  if (energySpreadMeV > maxSpreadMeV) {
    throw new BadInput(
      `energySpreadMeV is ${energySpreadMeV}, over a tenth of energyMeV ${energyMeV} (${FIELDS.energySpreadMeV.why}): ` +
        `set it to ${maxSpreadMeV} or less`,
    );
  }
  const depthMm = fields.depthMm ?? defaultDepthMm(energyMeV);
  if (binMm > depthMm / 10) {
    throw new BadInput(
      `binMm is ${binMm}, which leaves fewer than 10 bins in a depthMm of ${depthMm}: set binMm to ${depthMm / 10} or less`,
    );
  }
  return { ...fields, depthMm };
}

/** A quarter more than the range, so that the distal fall-off is in the picture. */
function defaultDepthMm(energyMeV) {
  return Math.ceil((1.25 * csdaRangeMm(energyMeV)) / 10) * 10;
}

const oneLine = (text) => text.replaceAll(/\s+/g, ' ').trim();

function shown(value) {
  const text = oneLine(JSON.stringify(value));
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

// ---------------------------------------------------------------------------- physics of one proton

function kinematics(energyMeV) {
  const gamma = 1 + energyMeV / PROTON_MASS_MEV;
  const beta2 = 1 - 1 / (gamma * gamma);
  const pvMeV = (energyMeV * (energyMeV + 2 * PROTON_MASS_MEV)) / (energyMeV + PROTON_MASS_MEV);
  return { gamma, beta2, pvMeV };
}

/** Bethe's linear electronic stopping power [1]. */
function stoppingPowerMeVPerMm(energyMeV) {
  const { gamma, beta2 } = kinematics(energyMeV);
  const massRatio = ELECTRON_MASS_MEV / PROTON_MASS_MEV;
  const freeTransferMeV = 2 * ELECTRON_MASS_MEV * beta2 * gamma * gamma;
  const maxTransferMeV = freeTransferMeV / (1 + 2 * gamma * massRatio + massRatio * massRatio);
  const logTerm = 0.5 * Math.log((freeTransferMeV * maxTransferMeV) / WATER_MEAN_EXCITATION_MEV ** 2);
  const scale = BETHE_K_MEV_CM2_PER_MOL * WATER_Z_OVER_A_MOL_PER_G * WATER_DENSITY_G_PER_CM3;
  return ((scale / beta2) * (logTerm - beta2)) / MM_PER_CM;
}

/** Variance of the energy loss per unit path: Bohr's, with the relativistic factor [1]. */
function stragglingMeV2PerMm(energyMeV) {
  const { gamma, beta2 } = kinematics(energyMeV);
  const bohr = BETHE_K_MEV_CM2_PER_MOL * ELECTRON_MASS_MEV * WATER_Z_OVER_A_MOL_PER_G * WATER_DENSITY_G_PER_CM3;
  return (bohr * gamma * gamma * (1 - beta2 / 2)) / MM_PER_CM;
}

/**
 * Variance of one projected scattering angle per unit path: the differential Moliere scattering power [3].
 * It depends on the beam's first energy too, because Moliere's single scatters add up along the way.
 */
function scatteringPowerRad2PerMm(energyMeV, beamEnergyMeV) {
  const { pvMeV } = kinematics(energyMeV);
  const slowed = 1 - (pvMeV / kinematics(beamEnergyMeV).pvMeV) ** 2;
  if (slowed <= 0) return 0;
  const lgPv = Math.log10(pvMeV);
  const lgSlowed = Math.log10(slowed);
  const moliere = 0.5244 + 0.1975 * lgSlowed + 0.232 * lgPv - 0.0098 * lgPv * lgSlowed;
  return (Math.max(0, moliere) * (SCATTERING_ENERGY_MEV / pvMeV) ** 2) / WATER_SCATTERING_LENGTH_MM;
}

/** Fraction of protons lost to nonelastic interactions per unit path, from the residual range [4]. */
function nuclearLossPerMm(residualRangeMm) {
  return NUCLEAR_REMOVAL_PER_MM / (1 + NUCLEAR_REMOVAL_PER_MM * residualRangeMm);
}

/** Path over which a proton slows from one energy to another without straggling (Simpson's rule). */
function slowingDownMm(fromMeV, toMeV) {
  const ends = 1 / stoppingPowerMeVPerMm(fromMeV) + 1 / stoppingPowerMeVPerMm(toMeV);
  return ((fromMeV - toMeV) / 6) * (ends + 4 / stoppingPowerMeVPerMm((fromMeV + toMeV) / 2));
}

function csdaRangeMm(energyMeV) {
  let rangeMm = CUTOFF_RANGE_MM;
  for (let aMeV = CUTOFF_MEV; aMeV < energyMeV; aMeV += TABLE_SPACING_MEV) {
    rangeMm += slowingDownMm(Math.min(aMeV + TABLE_SPACING_MEV, energyMeV), aMeV);
  }
  return rangeMm;
}

/** Mean energy lost over a step, the stopping power rising on the way (one Runge-Kutta step). */
function meanLossMeV(energyMeV, stepMm) {
  const k1 = stoppingPowerMeVPerMm(energyMeV);
  const k2 = stoppingPowerMeVPerMm(energyMeV - (k1 * stepMm) / 2);
  const k3 = stoppingPowerMeVPerMm(energyMeV - (k2 * stepMm) / 2);
  const k4 = stoppingPowerMeVPerMm(energyMeV - k3 * stepMm);
  return (stepMm * (k1 + 2 * k2 + 2 * k3 + k4)) / 6;
}

/**
 * All that a step needs depends on the proton's energy alone, so it is worked out once on an energy grid and
 * interpolated while tracking: the random numbers are then most of the cost of a step.
 */
function buildStepTables(beam) {
  const topMeV = beam.energyMeV + SPREAD_CUT_SIGMA * beam.energySpreadMeV;
  const size = Math.ceil((topMeV - CUTOFF_MEV) / TABLE_SPACING_MEV) + 2;
  const table = () => new Float64Array(size);
  const tables = {
    stepMm: table(),
    lossMeV: table(),
    lossSigmaMeV: table(),
    angleSigmaRad: table(),
    lostFraction: table(),
  };
  let rangeMm = CUTOFF_RANGE_MM;
  for (let i = 0; i < size; i++) {
    const energyMeV = CUTOFF_MEV + i * TABLE_SPACING_MEV;
    if (i > 0) rangeMm += slowingDownMm(energyMeV, energyMeV - TABLE_SPACING_MEV);
    const stepMm = Math.min(MAX_STEP_MM, (MAX_STEP_ENERGY_FRACTION * energyMeV) / stoppingPowerMeVPerMm(energyMeV));
    const lossMeV = meanLossMeV(energyMeV, stepMm);
    const middleMeV = energyMeV - lossMeV / 2;
    tables.stepMm[i] = stepMm;
    tables.lossMeV[i] = lossMeV;
    tables.lossSigmaMeV[i] = Math.sqrt(stragglingMeV2PerMm(middleMeV) * stepMm);
    tables.angleSigmaRad[i] = Math.sqrt(scatteringPowerRad2PerMm(middleMeV, beam.energyMeV) * stepMm);
    tables.lostFraction[i] = nuclearLossPerMm(rangeMm - stepMm / 2) * stepMm;
  }
  return tables;
}

// ---------------------------------------------------------------------------- random numbers

/** Uniform numbers in (0, 1): xoshiro128** [5]; its period 2^128 outlasts any run. */
function makeUniform(seed) {
  const state = expandSeed(seed);
  const rotl = (x, k) => (x << k) | (x >>> (32 - k));
  return () => {
    const result = Math.imul(rotl(Math.imul(state[1], 5), 7), 9) >>> 0;
    const t = state[1] << 9;
    state[2] ^= state[0];
    state[3] ^= state[1];
    state[1] ^= state[2];
    state[0] ^= state[3];
    state[2] ^= t;
    state[3] = rotl(state[3], 11);
    return (result + 0.5) / 2 ** 32; // never 0, whose logarithm is asked for
  };
}

/** Four well-mixed words from one (splitmix32), so that seeds 1 and 2 have nothing in common. */
function expandSeed(seed) {
  let counter = seed | 0;
  return Int32Array.from({ length: 4 }, () => {
    counter = (counter + 0x9e3779b9) | 0;
    let z = Math.imul(counter ^ (counter >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return z ^ (z >>> 15);
  });
}

/** Standard normal numbers (Box and Muller's method, which makes two at a time). */
function makeGaussian(seed) {
  const uniform = makeUniform(seed);
  let spare = 0;
  let hasSpare = false;
  return () => {
    if (hasSpare) {
      hasSpare = false;
      return spare;
    }
    const radius = Math.sqrt(-2 * Math.log(uniform()));
    const angle = 2 * Math.PI * uniform();
    spare = radius * Math.sin(angle);
    hasSpare = true;
    return radius * Math.cos(angle);
  };
}

const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

// ---------------------------------------------------------------------------- transport

function sampleBeamEnergyMeV(beam, gaussian) {
  return beam.energyMeV + beam.energySpreadMeV * clamp(gaussian(), -SPREAD_CUT_SIGMA, SPREAD_CUT_SIGMA);
}

/** Follows one proton from the surface until it stops or leaves the scored depth. */
function trackProton(startMeV, tables, depthMm, score, gaussian) {
  const { stepMm, lossMeV, lossSigmaMeV, angleSigmaRad, lostFraction } = tables;
  let energyMeV = startMeV;
  let zMm = 0;
  let slopeX = 0;
  let slopeY = 0;
  // Nuclear removal by weight instead of by dice (implicit capture): the same mean with far less noise.
  let weight = 1;
  while (energyMeV > CUTOFF_MEV && zMm < depthMm) {
    const position = (energyMeV - CUTOFF_MEV) / TABLE_SPACING_MEV;
    const i = Math.floor(position);
    const f = position - i;
    const at = (table) => table[i] + f * (table[i + 1] - table[i]);

    // Cut symmetrically, so that no proton gains energy and the mean stays right.
    const meanMeV = at(lossMeV);
    const loss = Math.min(energyMeV, clamp(meanMeV + at(lossSigmaMeV) * gaussian(), 0, 2 * meanMeV));
    const lostWeight = weight * at(lostFraction);
    const depositedMeV = weight * loss + lostWeight * NUCLEAR_LOCAL_FRACTION * energyMeV;

    const endMm = zMm + at(stepMm) / Math.sqrt(1 + slopeX * slopeX + slopeY * slopeY);
    score(zMm, endMm, depositedMeV);

    const angleSigma = at(angleSigmaRad);
    slopeX += angleSigma * gaussian();
    slopeY += angleSigma * gaussian();
    weight -= lostWeight;
    energyMeV -= loss;
    zMm = endMm;
  }
  score(zMm, zMm, weight * energyMeV);
}

/** Adds energy to the bins a step crosses, in proportion to the path in each. */
function makeScore(energyByBinMeV, binMm) {
  const add = (bin, energyMeV) => {
    if (bin < energyByBinMeV.length) energyByBinMeV[bin] += energyMeV;
  };
  return (startMm, endMm, energyMeV) => {
    const first = Math.floor(startMm / binMm);
    const last = Math.floor(endMm / binMm);
    if (first === last) {
      add(first, energyMeV);
      return;
    }
    const perMm = energyMeV / (endMm - startMm);
    add(first, perMm * ((first + 1) * binMm - startMm));
    for (let bin = first + 1; bin < last; bin++) add(bin, perMm * binMm);
    add(last, perMm * (endMm - last * binMm));
  };
}

/**
 * Energy deposited per bin and proton, and its standard error from the spread between batches.
 * `onBatch(done)` is called after each batch with the number of histories done so far.
 */
function simulate(beam, onBatch) {
  const bins = Math.ceil(beam.depthMm / beam.binMm - 1e-9);
  const depthMm = bins * beam.binMm;
  const tables = buildStepTables(beam);
  const gaussian = makeGaussian(beam.seed);
  const batchMeV = new Float64Array(bins);
  const score = makeScore(batchMeV, beam.binMm);
  const sum = new Float64Array(bins);
  const sumOfSquares = new Float64Array(bins);
  const batches = Math.min(BATCHES, beam.histories);
  let done = 0;
  for (let batch = 1; batch <= batches; batch++) {
    const until = Math.round((beam.histories * batch) / batches);
    const inBatch = until - done;
    batchMeV.fill(0);
    for (; done < until; done++) {
      trackProton(sampleBeamEnergyMeV(beam, gaussian), tables, depthMm, score, gaussian);
    }
    for (let bin = 0; bin < bins; bin++) {
      sum[bin] += batchMeV[bin];
      sumOfSquares[bin] += batchMeV[bin] ** 2 / inBatch;
    }
    onBatch(done);
  }
  return {
    depositMeV: sum.map((total) => total / beam.histories),
    errorMeV: sum.map((total, bin) => batchError(total / beam.histories, sumOfSquares[bin] / beam.histories, batches)),
  };
}

/** Standard error of a mean over batches; a single batch says nothing about it. */
function batchError(mean, meanOfSquares, batches) {
  return batches > 1 ? Math.sqrt(Math.max(0, meanOfSquares - mean * mean) / (batches - 1)) : NaN;
}

// ---------------------------------------------------------------------------- analysis

/** The depth-dose curve: one point a bin, at its middle, with the dose in the units of dose.csv. */
function depthDose(beam, { depositMeV, errorMeV }) {
  const maxMeV = depositMeV.reduce((a, b) => Math.max(a, b), 0);
  // Dose times area of a plane: energy per length over density. 1 Gy cm2 = 1 J cm2 / kg; density in kg/cm3.
  const nGyCm2PerMeVPerMm = (1e9 * JOULE_PER_MEV * MM_PER_CM) / (WATER_DENSITY_G_PER_CM3 / 1000);
  return Array.from(depositMeV, (energyMeV, bin) => ({
    depthMm: (bin + 0.5) * beam.binMm,
    doseMeVPerMm: energyMeV / beam.binMm,
    doseNGyCm2: (energyMeV / beam.binMm) * nGyCm2PerMeVPerMm,
    dosePercent: (100 * energyMeV) / maxMeV,
    errorPercent: (100 * errorMeV[bin]) / maxMeV,
  }));
}

/** Depth beyond the peak where the dose has fallen to 80 % of it; null if it is deeper than the scored water. */
function r80Mm(curve) {
  const peak = curve.reduce((best, point, bin) => (point.dosePercent > curve[best].dosePercent ? bin : best), 0);
  const below = curve.findIndex((point, bin) => bin > peak && point.dosePercent < 80);
  if (below < 0) return null;
  const a = curve[below - 1];
  const b = curve[below];
  return a.depthMm + ((a.dosePercent - 80) / (a.dosePercent - b.dosePercent)) * (b.depthMm - a.depthMm);
}

/** Entrance is the first bin. */
const peakToEntrance = (curve) => 100 / curve[0].dosePercent;

// ---------------------------------------------------------------------------- dose.csv

function doseCsv(curve) {
  const header =
    'depth_mm,dose_MeV_per_mm_per_proton,dose_nGy_cm2_per_proton,dose_percent_of_max,standard_error_percent_of_max';
  const rows = curve.map((point) =>
    [
      Number(point.depthMm.toFixed(4)), // bin middles such as 0.15 without floating-point crumbs
      point.doseMeVPerMm.toPrecision(6),
      point.doseNGyCm2.toPrecision(6),
      point.dosePercent.toFixed(3),
      Number.isNaN(point.errorPercent) ? '' : point.errorPercent.toFixed(3),
    ].join(','),
  );
  return `${[header, ...rows].join('\n')}\n`;
}

// ---------------------------------------------------------------------------- dose.svg

const WIDTH = 960;
const HEIGHT = 560;
const PLOT = { left: 84, right: 924, top: 116, bottom: 484 };
const MAX_PERCENT = 105; // a little air above the peak
const INK = '#1f2937';
const MUTED = '#5b6676';
const GRID = '#e3e8ef';
const CURVE = '#0f6bb0';
const MARK = '#c2410c';

function doseSvg(beam, curve, rangeMm) {
  const depthMm = curve.length * beam.binMm;
  const x = (mm) => PLOT.left + (mm / depthMm) * (PLOT.right - PLOT.left);
  const y = (percent) => PLOT.bottom - (percent / MAX_PERCENT) * (PLOT.bottom - PLOT.top);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" font-family="system-ui, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif">`,
    `<title>Proton depth dose in water, ${beam.energyMeV} MeV</title>`,
    `<defs><linearGradient id="under" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="${CURVE}" stop-opacity="0.30"/><stop offset="1" stop-color="${CURVE}" stop-opacity="0.03"/></linearGradient></defs>`,
    `<rect x="0.5" y="0.5" width="${WIDTH - 1}" height="${HEIGHT - 1}" rx="12" fill="#ffffff" stroke="#d5dbe4"/>`,
    ...svgHeading(beam, curve),
    ...svgAxes(x, y, depthMm),
    ...svgCurve(x, y, curve),
    ...(rangeMm === null ? [] : svgRangeMark(x, y, rangeMm)),
    '</svg>',
    '',
  ].join('\n');
}

function svgHeading(beam, curve) {
  const details = [
    `${beam.energyMeV} MeV, σ ${beam.energySpreadMeV} MeV`,
    `${grouped(beam.histories)} ${beam.histories === 1 ? 'history' : 'histories'}`,
    `${beam.binMm} mm bins`,
    `seed ${beam.seed}`,
    `peak/entrance ${peakToEntrance(curve).toFixed(2)}`,
  ];
  return [
    svgText(PLOT.left, 46, 'Proton depth dose in water', `font-size="24" font-weight="600" fill="${INK}"`),
    svgText(PLOT.left, 72, details.join('  ·  '), `font-size="15" fill="${MUTED}"`),
  ];
}

function svgAxes(x, y, depthMm) {
  const middleY = (PLOT.top + PLOT.bottom) / 2;
  const tick = `font-size="14" fill="${MUTED}"`;
  const label = `text-anchor="middle" font-size="15" fill="${INK}"`;
  return [
    ...[0, 20, 40, 60, 80, 100].flatMap((percent) => [
      svgLine(PLOT.left, y(percent), PLOT.right, y(percent), `stroke="${GRID}"`),
      svgText(PLOT.left - 12, y(percent) + 5, String(percent), `text-anchor="end" ${tick}`),
    ]),
    ...ticks(depthMm).flatMap((mm) => [
      svgLine(x(mm), PLOT.bottom, x(mm), PLOT.bottom + 6, `stroke="${MUTED}"`),
      svgText(x(mm), PLOT.bottom + 24, String(mm), `text-anchor="middle" ${tick}`),
    ]),
    svgLine(PLOT.left, PLOT.bottom, PLOT.right, PLOT.bottom, `stroke="${MUTED}"`),
    svgText((PLOT.left + PLOT.right) / 2, PLOT.bottom + 52, 'Depth in water (mm)', label),
    svgText(30, middleY, 'Dose (% of maximum)', `${label} transform="rotate(-90 30 ${middleY})"`),
  ];
}

function svgCurve(x, y, curve) {
  const points = curve.map((point) => `${px(x(point.depthMm))} ${px(y(point.dosePercent))}`).join(' L');
  const from = px(x(curve[0].depthMm));
  const to = px(x(curve.at(-1).depthMm));
  return [
    `<path d="M${from} ${PLOT.bottom} L${points} L${to} ${PLOT.bottom} Z" fill="url(#under)"/>`,
    `<path d="M${points}" fill="none" stroke="${CURVE}" stroke-width="2.5" stroke-linejoin="round"/>`,
  ];
}

/** The range: a dashed line with its label above the plot, where no curve can run through it. */
function svgRangeMark(x, y, rangeMm) {
  const dashed = `stroke="${MARK}" stroke-width="1.5" stroke-dasharray="5 4"`;
  const labelX = clamp(x(rangeMm), PLOT.left + 60, PLOT.right - 60);
  return [
    svgLine(x(rangeMm), PLOT.top - 4, x(rangeMm), PLOT.bottom, dashed),
    `<circle cx="${px(x(rangeMm))}" cy="${px(y(80))}" r="5" fill="#ffffff" stroke="${MARK}" stroke-width="2.5"/>`,
    svgText(
      labelX,
      PLOT.top - 12,
      `R80 = ${rangeMm.toFixed(1)} mm`,
      `text-anchor="middle" font-size="15" font-weight="600" fill="${MARK}"`,
    ),
  ];
}

/** About eight round numbers from 0 to the end. */
function ticks(end) {
  const rough = end / 8;
  const decade = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((m) => m * decade).find((candidate) => candidate >= rough);
  const count = Math.floor(end / step + 1e-9);
  return Array.from({ length: count + 1 }, (_, i) => Number((i * step).toPrecision(6)));
}

const px = (value) => Number(value.toFixed(2));
const grouped = (count) => String(count).replaceAll(/\B(?=(\d{3})+$)/g, ' ');
const svgText = (x, y, text, attributes) => `<text x="${px(x)}" y="${px(y)}" ${attributes}>${text}</text>`;
const svgLine = (x1, y1, x2, y2, attributes) =>
  `<line x1="${px(x1)}" y1="${px(y1)}" x2="${px(x2)}" y2="${px(y2)}" ${attributes}/>`;

// ---------------------------------------------------------------------------- main

function run(inputsDir, outputDir) {
  const startMs = Date.now();
  const seconds = () => ((Date.now() - startMs) / 1000).toFixed(1);
  const beam = readBeam(inputsDir);
  announce(beam);

  const result = simulate(beam, (done) => {
    const percent = Math.round((100 * done) / beam.histories);
    if (percent % 20 === 0) console.log(`${String(percent).padStart(3)} %  ${done} histories, ${seconds()} s`);
  });
  const curve = depthDose(beam, result);
  const rangeMm = r80Mm(curve);
  writeOutput(outputDir, doseCsv(curve), doseSvg(beam, curve, rangeMm));

  const depositedMeV = result.depositMeV.reduce((a, b) => a + b, 0);
  console.log(
    `deposited ${depositedMeV.toFixed(1)} MeV of ${beam.energyMeV} MeV a proton in ${beam.depthMm} mm of water`,
  );
  console.log(`wrote ${join(outputDir, 'dose.csv')} and ${join(outputDir, 'dose.svg')}`);
  const r80 = rangeMm === null ? `R80 deeper than ${beam.depthMm} mm` : `R80 ${rangeMm.toFixed(1)} mm`;
  console.log(
    `done: ${r80}, peak/entrance ${peakToEntrance(curve).toFixed(2)}, ${beam.histories} histories, ${seconds()} s`,
  );
}

function announce(beam) {
  const rangeMm = csdaRangeMm(beam.energyMeV);
  console.log(
    `beam: ${beam.energyMeV} MeV protons, sigma ${beam.energySpreadMeV} MeV, ${beam.histories} histories, seed ${beam.seed}`,
  );
  console.log(`water: ${beam.depthMm} mm in bins of ${beam.binMm} mm; CSDA range ${rangeMm.toFixed(1)} mm`);
  if (beam.depthMm < rangeMm) console.log('note: depthMm ends before the range, so there is no R80');
  if (beam.binMm > rangeMm / 20) console.log('note: binMm is coarse for this range, so R80 is good to half a bin only');
}

function writeOutput(outputDir, csv, svg) {
  mkdirSync(outputDir, { recursive: true });
  writeFileSync(join(outputDir, 'dose.csv'), csv);
  writeFileSync(join(outputDir, 'dose.svg'), svg);
}

function main(args) {
  if (args.length > 2 || args.some((arg) => arg.startsWith('-'))) {
    console.error('usage: node bragg.mjs [INPUTS_DIR] [OUTPUT_DIR]');
    return EXIT_USAGE;
  }
  try {
    run(args[0] ?? 'inputs', args[1] ?? 'output');
    return 0;
  } catch (error) {
    if (error instanceof BadInput) {
      console.error(`bad input: ${error.message}`);
      return EXIT_BAD_INPUT;
    }
    if (error.code === undefined) throw error; // a defect here, not the disk: show where
    console.error(`cannot write the output: ${error.message}`);
    return EXIT_OUTPUT;
  }
}

process.exitCode = main(process.argv.slice(2));

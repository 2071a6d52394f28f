// `npm test`: everything that checks the project, one after the other, and one plain line at the end.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

import { missingParts } from './lab/parts.mjs';

const inCi = process.env.CI === 'true';
const reports = mkdtempSync(join(tmpdir(), 'mqi-test-'));
const chosen = process.argv.slice(2);

const checks = [
  ['format', ['oxfmt', '--check', '.']],
  ['lint', ['oxlint', '--type-aware', '--deny-warnings']],
  ['types', ['tsc', '-p', 'tsconfig.json']],
  ['types of the web page', ['tsc', '-p', 'src/views/web/assets/tsconfig.json']],
  ["types of the inspector's page", ['tsc', '-p', 'src/views/inspector/assets/tsconfig.json']],
  ['imports', ['node', 'test/checks/import-rules.mjs']],
  ['dead code', ['knip']],
  ['build', ['npm', 'run', '--silent', 'build']],
];

/** Nothing in the pure parts may go untried: these are counted branch by branch, which makes a test slower. */
const PURE = ['test/machines', 'test/domain'];
const suites =
  chosen.length > 0
    ? [['tests', chosen]]
    : [
        ['tests of machines and domain', [...PURE, '--coverage']],
        ['tests', PURE.flatMap((folder) => ['--exclude', `${folder}/**`])],
      ];

/** @type {string[]} */
const failures = [];
let passed = 0;

const run = (name, [command, ...args]) => {
  const begun = performance.now();
  const { status } = spawnSync(command, args, { stdio: 'inherit' });
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  console.log(`${status === 0 ? 'ok  ' : 'FAIL'} ${name} (${seconds} s)`);
  return status === 0;
};

const missing = missingParts();
for (const part of missing)
  console.log(`missing: ${part.name} (${part.install}): what needs it is ${inCi ? 'a failure' : 'skipped'}`);

for (const [name, command] of checks) {
  if (run(name, command)) passed += 1;
  else failures.push(name);
}
if (inCi && missing.length > 0) failures.push('parts');

const results = suites.map(([name, args]) => runSuite(name, args));
rmSync(reports, { recursive: true, force: true });

const total = (key) => results.reduce((sum, result) => sum + result[key], 0);
passed += total('passed');
const failed = failures.length + total('failed');
const skipped = total('skipped');

for (const name of failures) console.log(`failed check: ${name}`);
// told again here, in short: a log that is cut keeps its end
for (const { name, why } of results.flatMap((result) => result.failures)) console.log(`failed test: ${name}\n${why}`);
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exitCode = failed > 0 ? 1 : 0;

/** @param {string} name @param {string[]} args @returns {Result} */
function runSuite(name, args) {
  const report = join(reports, `${name}.json`);
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile=${report}`];
  const isFine = run(name, ['vitest', 'run', ...reporters, ...args]);
  const result = readReport(report);
  // one that fails without a failed test (coverage, an unhandled rejection, no tests at all) is a failure too
  const isUnsaid = result.failed === 0 && (!isFine || result.passed === 0);
  return isUnsaid ? { ...result, failed: 1, failures: [{ name, why: '    see above' }] } : result;
}

/**
 * @typedef {{passed: number, failed: number, skipped: number, failures: {name: string, why: string}[]}} Result
 * @param {string} report @returns {Result}
 */
function readReport(report) {
  try {
    const json = JSON.parse(readFileSync(report, 'utf8'));
    const failed = json.testResults.flatMap((file) =>
      file.assertionResults
        .filter((t) => t.status === 'failed')
        .map((t) => ({ name: `${file.name}: ${t.fullName}`, why: inShort(t.failureMessages) })),
    );
    // a file that could not be loaded has failed without a test
    const broken = json.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0);
    return {
      passed: json.numPassedTests,
      failed: json.numFailedTests + broken.length,
      skipped: json.numPendingTests + json.numTodoTests,
      failures: [...failed, ...broken.map((file) => ({ name: file.name, why: inShort([file.message]) }))],
    };
  } catch {
    return { passed: 0, failed: 1, skipped: 0, failures: [{ name: 'the test report cannot be read', why: '' }] };
  }
}

/** The first lines of each message, indented. @param {string[]} messages */
function inShort(messages) {
  const lines = messages.flatMap((message) => stripVTControlCharacters(message).split('\n').slice(0, 25));
  return lines.map((line) => `    ${line.slice(0, 300)}`).join('\n');
}

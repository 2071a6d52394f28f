// Holds the sources against the import table (.dependency-cruiser.cjs). Says how many modules it saw: none is a failure.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { cruise } from 'dependency-cruiser';
import extractTSConfig from 'dependency-cruiser/config-utl/extract-ts-config';

const home = join(fileURLToPath(import.meta.url), '..', '..', '..');

/** @returns {Promise<{modules: number, violations: string[]}>} for the folders `machines` and `src` of `root` */
export async function checkImports(root) {
  const rules = createRequire(import.meta.url)(join(home, '.dependency-cruiser.cjs'));
  const { output } = await cruise(
    ['machines', 'src'],
    { ruleSet: rules, validate: true, baseDir: root, ...rules.options, tsConfig: undefined },
    undefined,
    { tsConfig: extractTSConfig(join(home, 'tsconfig.json')) },
  );
  const modules = output.modules.filter((module) => /^(machines|src)\//.test(module.source)).length;
  const violations = output.summary.violations.map((v) => `${v.rule.name}: ${v.from} → ${v.to}`);
  return { modules, violations };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { modules, violations } = await checkImports(home);
  for (const violation of violations) console.error(violation);
  if (modules === 0) console.error('no modules were seen: nothing was checked');
  console.log(`${modules} modules, ${violations.length} violations`);
  process.exitCode = modules === 0 || violations.length > 0 ? 1 : 0;
}

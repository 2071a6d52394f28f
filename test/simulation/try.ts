import { simulate } from './simulate.ts';
const from = Number(process.argv[2] ?? 1), n = Number(process.argv[3] ?? 1);
const t0 = performance.now(); let bad = 0; let virt = 0;
process.on('unhandledRejection', (e) => { console.log('UNHANDLED', e); });
for (let i = from; i < from + n; i++) {
  const o = await simulate(String(i)); virt += o.virtualMs;
  if (o.violation) { bad++; console.log(i, o.violation.promise, o.violation.text); if (n === 1) console.log(o.plan.map((p) => JSON.stringify(p)).join('\n'), '\n' + o.history.join('\n')); }
  else if (n === 1) console.log(o.history.join('\n'));
}
console.log(bad, 'bad of', n, ((performance.now() - t0) / n).toFixed(1), 'ms a world', (virt / n / 1000).toFixed(0), 'virtual s');

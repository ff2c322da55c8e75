import { parseArgs } from 'node:util';
import { progressWriter } from '../cluster/progress.ts';
import { azureCliUnlessMissing } from './azure-cli.ts';
import { goProgram } from './go-program.ts';
import { kerberosToolsUnlessMissing } from './kerberos.ts';
import { PROGRAMS } from './programs.ts';
import { prometheusUnlessMissing } from './prometheus.ts';
import { prometheusOperatorDefinitions } from './prometheus-operator.ts';

const HELP = `Sees that the command line tools of the tests are there, and prints where: helm, kubeconform and others.

  node test/tools/main.ts --prepare

They are kept in $XDG_CACHE_HOME or ~/.cache. What is missing is built with Go, once, which takes up to twenty minutes
on two cores. The definitions of the Prometheus Operator are taken from its Go module, Prometheus from Debian's package, and
the Azure CLI from the Python Package Index. Without apt, or PROMETHEUS_BIN and PROMTOOL_BIN, the tests of alerts and dashboards
are left out, those with the Azure CLI without Python 3.10 or newer, and those of Kerberos without apt and a C++ compiler; in CI
they fail.
`;

async function main(): Promise<number> {
  const { prepare = false, help = false } = parseArgs({
    options: { prepare: { type: 'boolean' }, help: { type: 'boolean' } },
  }).values;
  if (help || !prepare) {
    process.stdout.write(HELP);
    return help ? 0 : 2;
  }
  const progress = progressWriter(process.stderr);
  try {
    // One after the other: each build uses all cores by itself.
    for (const program of PROGRAMS) console.log(await goProgram(program, { progress: progress.report }));
    console.log(await prometheusOperatorDefinitions({ progress: progress.report }));
    const prometheus = await prometheusUnlessMissing({ progress: progress.report });
    console.log('missing' in prometheus ? prometheus.missing : Object.values(prometheus).join('\n'));
    const cli = await azureCliUnlessMissing({ progress: progress.report });
    console.log(typeof cli === 'string' ? cli : cli.missing);
    const kerberos = await kerberosToolsUnlessMissing({ progress: progress.report });
    console.log('missing' in kerberos ? kerberos.missing : Object.values(kerberos).join('\n'));
    return 0;
  } finally {
    progress.done();
  }
}

process.exitCode = await main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  return 1;
});

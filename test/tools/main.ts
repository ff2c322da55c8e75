import { parseArgs } from 'node:util';
import { progressWriter } from '../cluster/progress.ts';
import { goProgram } from './go-program.ts';
import { PROGRAMS } from './programs.ts';

const HELP = `Sees that the command line tools of the tests are there, and prints where: helm, kubeconform and others.

  node test/tools/main.ts --prepare

They are kept in $XDG_CACHE_HOME or ~/.cache. What is missing is built with Go, once, which takes up to seven minutes
on two cores.
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
    return 0;
  } finally {
    progress.done();
  }
}

process.exitCode = await main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  return 1;
});

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { unzipSync } from 'fflate';
import { makeTemporaryDirectory, removeTemporaryDirectory } from '../../cluster/temporary-directory.ts';
import { filesOfStore } from './certificate-store.ts';
import { startMachineEndpoint } from './machine-endpoint.ts';
import { packageArchive } from './package-archive.ts';
import { createVirtualMachine, type VirtualMachine } from './virtual-machine.ts';

const HELP = `Runs the setup of a service package in one simulated VM, without Azure, and leaves its gateway running until Ctrl-C.

Usage: npm run simulator:gateway -- --settings FILE --certificate FILE [options]

  --settings FILE       settings as docs/gateway-settings.md describes them
  --certificate FILE    the server certificate: PFX without a password
  --package FILE        service package (default: the reference package)
  --help                this text
`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      settings: { type: 'string' },
      certificate: { type: 'string' },
      package: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help === true) {
    process.stdout.write(HELP);
    return;
  }
  if (values.settings === undefined || values.certificate === undefined) {
    throw new Error('--settings and --certificate are missing. See --help.');
  }
  const stopped = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  const directory = makeTemporaryDirectory();
  const endpoint = await startMachineEndpoint();
  const vm = createVirtualMachine({
    directory: join(directory, 'vm'),
    endpoint,
    environment: {},
    token: () => ({ kind: 'Refused', why: 'Identity not found' }),
    size: () => 'Standard_D4ads_v6',
    onPorts: () => {},
  });
  try {
    const pfx = readFileSync(values.certificate).toString('base64');
    vm.installCertificates(filesOfStore([{ value: pfx, version: '', contentType: undefined, enabled: true }]));
    vm.start();
    const archive = values.package === undefined ? await packageArchive() : readFileSync(values.package);
    const settings = readFileSync(values.settings);
    if (await setUp(vm, archive, settings)) await stopped;
  } finally {
    await vm.remove();
    await endpoint.close();
    removeTemporaryDirectory(directory);
  }
}

/** Runs the setup, tells what it said, and whether it has left something that serves. */
async function setUp(vm: VirtualMachine, archive: Uint8Array, settings: Uint8Array): Promise<boolean> {
  const folder = vm.newFolder();
  for (const [name, content] of Object.entries(unzipSync(archive))) {
    const path = join(folder, 'cmg', name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }
  writeFileSync(join(folder, 'settings.json'), settings);
  const output = join(folder, 'output');
  const exitCode = await vm.runProgram(join(folder, 'cmg', 'setup.mjs'), ['--SettingsFile', 'settings.json'], {
    directory: folder,
    standardOutput: output,
    standardError: output,
    signal: new AbortController().signal,
  });
  process.stdout.write(`${readFileSync(output, 'utf8')}exit code ${exitCode}\n`);
  process.exitCode = exitCode;
  const { ports = {} } = JSON.parse(Buffer.from(settings).toString('utf8')) as { ports?: Record<string, number> };
  for (const port of Object.values(ports)) {
    process.stdout.write(`port ${port} is at 127.0.0.1:${vm.localPort(port) ?? '(nothing listens)'}\n`);
  }
  return exitCode === 0;
}

await main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});

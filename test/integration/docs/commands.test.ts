import { readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest';
import { parseAllDocuments, stringify } from 'yaml';
import { stepsOf } from '../../../scripts/documentation/page.ts';
import { TESTED_PAGES } from '../../../scripts/documentation/tested-pages.ts';
import { allMetrics } from '../../../scripts/reference/metrics.ts';
import { createLogger } from '../../../src/observability/logging.ts';
import { namespaceForTest } from '../../cluster/shared.ts';
import { makeTemporaryDirectory, removeTemporaryDirectory } from '../../cluster/temporary-directory.ts';
import { gatewayDial } from '../../world/gateway-dial.ts';
import { startOperatorUnderTest } from '../../world/operator-under-test.ts';
import { type SimulatedWorld, startSimulatedWorld } from '../../world/simulated-world.ts';
import { BUILD_TIMEOUT_MS } from '../chart/helm.ts';
import { operatorKubeconfig, prepareOperatorRights } from '../chart/operator-account.ts';
import { pfxOf } from '../operator/pfx.ts';
import { type Reader, readAlong } from './reader.ts';

const ROOT = join(import.meta.dirname, '../../..');
const SERVICE_NAME = 'granitefalls.contoso.com';

interface Pace {
  /** How much faster than on the wall time goes by. */
  readonly speed: number;
  /** Operations in Azure take this part of their usual time; nobody reads meanwhile. */
  readonly durationFactor: number;
}

/** Gateways come up in about two seconds, and pages tell readers to wait for them. */
const FAST: Pace = { speed: 200, durationFactor: 0.25 };

/**
 * For a page that shows all that is told of a gateway. With the fast pace, a quarter of an hour is over in 4.5 s, which a busy
 * machine needs for a gateway: then it is told too that its provisioning takes unusually long.
 */
const UNHURRIED: Pace = { speed: 10, durationFactor: 0.0125 };
const SHOWS_ALL_THAT_IS_TOLD = 'docs/how-to/monitor.md';

/** What stands on the pages as an example, and has to be right for a gateway to come up. */
const EXAMPLES = {
  tenantId: '3f2504e0-4f89-41d3-9a0c-0305e82c3301',
  subscriptionId: '8a0b1c2d-3e4f-4a5b-8c7d-9e0f1a2b3c4d',
  clientId: '1d2c3b4a-5f6e-4d7c-8b9a-0f1e2d3c4b5a',
  packageUrl: 'https://packages.contoso.com/cmg/service-package.zip',
  packageHash: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
};

/** What is around a reader. */
interface Surroundings {
  readonly world: SimulatedWorld;
  readonly files: ReadonlyMap<string, string | Uint8Array>;
  readonly pace: Pace;
}

let fast: Surroundings;

beforeAll(async () => {
  fast = await surroundings(FAST);
  await prepareOperatorRights();
}, BUILD_TIMEOUT_MS);
afterAll(() => fast?.world.close());

async function surroundings(pace: Pace): Promise<Surroundings> {
  const world = await startSimulatedWorld({ speed: pace.speed, gateways: true });
  return { world, files: await filesOnPages(world), pace };
}

/** The files that pages take to be there: what an administrator has from elsewhere. */
async function filesOnPages({ authority, azure }: SimulatedWorld): Promise<ReadonlyMap<string, string | Uint8Array>> {
  const issue = (commonName: string) => authority.issue({ commonName, organization: 'Contoso' });
  const [first, renewed, otherCase] = await Promise.all([
    issue(SERVICE_NAME),
    issue(SERVICE_NAME),
    issue('GraniteFalls.contoso.com'),
  ]);
  const pem = (name: string, { chainPem, privateKeyPem }: typeof first): [string, string][] => [
    [`${name}.crt`, `${chainPem}${authority.rootPem}`],
    [`${name}.key`, privateKeyPem],
  ];
  return new Map<string, string | Uint8Array>([
    ...pem('tls', first),
    ...pem('renewed', renewed),
    ...pem('other-case', otherCase),
    ['granitefalls.pfx', await pfxOf(`${first.chainPem}${authority.rootPem}`, first.privateKeyPem, 'a password')],
    ['pfx-password.txt', 'a password'],
    ['client-secret.txt', azure.clientSecret],
    ['client-authorities.pem', `${authority.rootPem}${authority.intermediatePem}`],
  ]);
}

async function unhurried(): Promise<Surroundings> {
  const around = await surroundings(UNHURRIED);
  onTestFinished(() => around.world.close());
  return around;
}

/** A reader in a folder of its own, with an operator that watches the reader's namespace. */
async function reader({ world, files, pace }: Surroundings): Promise<Reader & { readonly port: number }> {
  world.azure.control.reset();
  world.azure.control.settings.durationFactor = pace.durationFactor;
  const namespace = await namespaceForTest('docs');
  const folder = makeTemporaryDirectory();
  onTestFinished(() => removeTemporaryDirectory(folder));
  for (const [name, content] of files) {
    writeFileSync(join(folder, name), content);
  }
  for (const name of readdirSync(ROOT)) {
    symlinkSync(join(ROOT, name), join(folder, name));
  }
  // The plugin of kubectl, from the checkout: it is the same program, and bundling it takes a while.
  const plugin = `#!/bin/sh\nexec node '${join(ROOT, 'src/cli/main.ts')}' "$@"\n`;
  writeFileSync(join(folder, 'kubectl-cmg'), plugin, { mode: 0o755 });
  const kubeconfigPath = join(folder, 'kubeconfig.yaml');
  writeFileSync(kubeconfigPath, kubeconfigFor(namespace));
  const operator = await startOperatorUnderTest({
    kubeconfigPath: await operatorKubeconfig(namespace),
    world,
    logger: createLogger({ level: 'error', format: 'json', destination: pino.destination('/dev/null') }),
    dial: gatewayDial(world.azure),
    flags: ['--namespaces', namespace, '--leader-election-namespace', namespace],
  });
  onTestFinished(async () => {
    await operator.stop();
  });
  const { azure, packages } = world;
  const values: Readonly<Record<keyof typeof EXAMPLES, string>> = {
    tenantId: azure.tenantId,
    subscriptionId: azure.subscriptionId,
    clientId: azure.clientId,
    packageUrl: packages.url,
    packageHash: packages.sha256,
  };
  const pairs = Object.entries(EXAMPLES).map(([name, text]) => [text, values[name as keyof typeof EXAMPLES]] as const);
  return {
    folder,
    kubeconfigPath,
    port: operator.port,
    replace: (text) => pairs.reduce((replaced, [example, value]) => replaced.replaceAll(example, value), text),
    restore: (output) => output.replaceAll(namespace, 'default'),
  };
}

/** The administrator's kubeconfig, with a namespace of its own as the default. */
function kubeconfigFor(namespace: string): string {
  const config = parseAllDocuments(inject('kubeconfig'))[0]?.toJS();
  for (const { context } of config.contexts) {
    context.namespace = namespace;
  }
  return stringify(config);
}

const pageOf = (path: string) => readFileSync(join(ROOT, path), 'utf8');

/** Brings up the gateway that most pages take to be there, by what the page on setting one up says. */
async function setUpGateway(along: Reader): Promise<void> {
  const page = 'docs/how-to/set-up.md';
  const steps = stepsOf(pageOf(page));
  const ready = steps.findIndex((step) => step.kind === 'Commands' && step.text.includes('condition=Ready'));
  await readAlong(along, page, '', steps.slice(0, ready + 1));
}

describe('a reader who does what the page says', () => {
  test.each(Object.entries(TESTED_PAGES).filter(([, beginning]) => beginning !== 'Demo'))(
    'gets through %s',
    async (page, beginning) => {
      const along = await reader(page === SHOWS_ALL_THAT_IS_TOLD ? await unhurried() : fast);
      if (beginning === 'Gateway') {
        await setUpGateway(along);
      }
      await readAlong(along, page, pageOf(page));
    },
  );
});

test('every metric that a working operator serves stands in the reference', async () => {
  const along = await reader(fast);
  await setUpGateway(along);
  const text = await (await fetch(`http://127.0.0.1:${along.port}/metrics`)).text();
  const served = [...text.matchAll(/^# TYPE (\S+) /gm)].map(([, name]) => name);
  const known = new Set((await allMetrics(ROOT)).map(({ name }) => name));
  expect(served).toContain('cmg_operator_azure_requests_total');
  expect(served.filter((name) => !known.has(name ?? ''))).toEqual([]);
});

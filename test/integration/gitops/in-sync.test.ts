import { execFile } from 'node:child_process';
import { describe, expect, inject, it } from 'vitest';
import { FIELD_MANAGER } from '../../../src/controllers/cmg/kind.ts';
import { APPLY_PATCH, waitFor } from '../../cluster/api-client.ts';
import { type Manifest, pathOf } from '../../world/gateway-manifests.ts';
import { type GatewayTest, operatorSuite, PATIENCE_MS } from '../operator/suite.ts';
import { prepareSample, SAMPLES } from './sample-gateway.ts';

/** Simulated time runs so many times as fast: two hours take seven seconds. */
const SPEED = 1000;

const suite = operatorSuite({ speed: SPEED });

/** How Argo CD signs its writes. */
const ARGO_CD = 'argocd-controller';

const DRIFT_INTERVAL_MS = 60_000;
/** Two hours, in which a gateway is compared with Azure a hundred times. */
const WATCHED_MS = 120 * DRIFT_INTERVAL_MS;

interface Live {
  readonly metadata: {
    readonly generation: number;
    readonly resourceVersion: string;
    readonly labels?: object;
    readonly annotations?: object;
    readonly managedFields?: readonly { readonly manager: string; readonly fieldsV1: Fields }[];
  };
  readonly spec: object;
}

interface Fields {
  readonly [field: string]: Fields;
}

/** Applies as Argo CD does with ServerSideApply=true. A dry run is what it compares the live object with. */
async function apply(test: GatewayTest, manifest: Manifest, dryRun: boolean): Promise<Live> {
  const query = `fieldManager=${ARGO_CD}&force=true&fieldValidation=Strict${dryRun ? '&dryRun=All' : ''}`;
  return (await test.api.call('PATCH', `${pathOf(manifest)}?${query}`, manifest, APPLY_PATCH)) as Live;
}

/**
 * The live object, and a look at it meanwhile. On a busy machine simulated minutes go by between two requests, and a status that
 * the operator writes between them is no difference from Git: then both are done again.
 */
async function unmoved<T>(test: GatewayTest, manifest: Manifest, look: () => Promise<T>): Promise<readonly [Live, T]> {
  const read = async () => (await test.api.call('GET', pathOf(manifest))) as Live;
  const attempt = async () => {
    const live = await read();
    const seen = await look();
    return (await read()).metadata.resourceVersion === live.metadata.resourceVersion
      ? ([live, seen] as const)
      : undefined;
  };
  return waitFor('the operator to write nothing during a comparison', attempt, PATIENCE_MS);
}

function withoutManagedFields({ metadata: { managedFields: _, ...metadata }, ...rest }: Live): object {
  return { ...rest, metadata };
}

/** The fields that the operator has written, as `status` or `metadata.finalizers`. */
function writtenByOperator({ metadata }: Live): string[] {
  const fields = (metadata.managedFields ?? []).filter(({ manager }) => manager === FIELD_MANAGER);
  const names = fields.flatMap(({ fieldsV1 }) =>
    Object.entries(fieldsV1).flatMap(([part, within]) =>
      part === 'f:metadata' ? Object.keys(within).map((name) => `metadata.${name.slice(2)}`) : [part.slice(2)],
    ),
  );
  return [...new Set(names)].sort();
}

/** Exit code and output of `kubectl diff --server-side`: 0 without a difference, 1 with one. */
function kubectlDiff(manifest: Manifest): Promise<{ readonly code: number; readonly output: string }> {
  const flags = ['--server-side', '--force-conflicts', `--field-manager=${ARGO_CD}`, '--filename=-'];
  return new Promise((resolve) => {
    const child = execFile(
      inject('kubectlPath'),
      ['--kubeconfig', inject('kubeconfigPath'), 'diff', ...flags],
      (error, stdout, stderr) => resolve({ code: Number(error?.code ?? 0), output: `${stdout}${stderr}` }),
    );
    child.stdin?.end(JSON.stringify(manifest));
  });
}

describe.each(SAMPLES)('the sample %s', (sample) => {
  it('stays as it is in Git through two hours of reconciling and a repair', async () => {
    const test = await suite.begin({ flags: ['--drift-interval', `${DRIFT_INTERVAL_MS / 1000}s`] });
    const manifest = await prepareSample(suite, test, sample);
    await apply(test, manifest, false);
    await expect.poll(async () => readyOf(test, manifest), { timeout: PATIENCE_MS }).toBe('True');

    const group = String(test.resources('Microsoft.Network/networkSecurityGroups')[0]?.id);
    const rule = `${group}/securityRules/https?api-version=2025-03-01`;
    test.azure.control.call('DELETE', rule);
    const end = test.azure.clock.now() + WATCHED_MS;
    await expect.poll(() => test.azure.clock.now() > end, { timeout: PATIENCE_MS }).toBe(true);
    // Not before: the rule is there until its deletion has ended.
    await expect.poll(() => test.azure.control.call('GET', rule).status, { timeout: PATIENCE_MS }).toBe(200);

    const [live, applied] = await unmoved(test, manifest, () => apply(test, manifest, true));
    expect(withoutManagedFields(applied)).toEqual(withoutManagedFields(live));
    expect(live.metadata.generation).toBe(1);
    const { labels, annotations } = manifest.metadata as Partial<Live['metadata']>;
    expect(live.metadata.labels).toEqual(labels);
    expect(live.metadata.annotations).toEqual(annotations);
    expect(live.spec).toMatchObject(manifest.spec as object);
    expect(writtenByOperator(live)).toEqual(['metadata.finalizers', 'status']);
    const [, difference] = await unmoved(test, manifest, () => kubectlDiff(manifest));
    expect(difference).toEqual({ code: 0, output: '' });
  });
});

it('a change by hand is a difference', async () => {
  const test = await suite.begin({ withoutOperator: true });
  const manifest = await prepareSample(suite, test, 'first-gateway');
  await apply(test, manifest, false);
  await test.api.call('PATCH', pathOf(manifest), { spec: { suspend: true } }, 'application/merge-patch+json');
  expect(await kubectlDiff(manifest)).toEqual({ code: 0, output: '' });
  await test.api.call('PATCH', pathOf(manifest), { spec: { vm: { instances: 5 } } }, 'application/merge-patch+json');
  const { code, output } = await kubectlDiff(manifest);
  expect(code).toBe(1);
  expect(output).toMatch(/^- +instances: 5\n\+ +instances: 2$/m);
});

async function readyOf(test: GatewayTest, manifest: Manifest): Promise<string> {
  const { status } = (await test.api.call('GET', pathOf(manifest))) as {
    readonly status?: { readonly conditions: readonly { type: string; status: string; message: string }[] };
  };
  const ready = status?.conditions.find(({ type }) => type === 'Ready');
  return ready?.status === 'True' ? 'True' : String(ready?.message);
}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readConfig } from '../../../src/config.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../../src/json.ts';
import { CHART, helmSuite, type RenderedObject, VALUES_FILES, withValues } from './helm.ts';

const helm = helmSuite();
const DEFAULTS = withValues('default-values.yaml');

/** What helm says about values that it refuses. */
async function refusalOf(...args: readonly string[]): Promise<string> {
  return helm.template(...args).then(
    () => 'The values were taken.',
    (error: unknown) => String(error),
  );
}

describe('the schema of the values', () => {
  it.each([
    ['replica=3', "additional properties 'replica' not allowed"],
    ['replicas=0', "at '/replicas': minimum: got 0, want 1"],
    ['replicas=two', "at '/replicas': got string, want integer"],
    ['installationId=Contoso_Prod', "at '/installationId': 'Contoso_Prod' does not match pattern"],
    ['watch.namespace={a}', "at '/watch': additional properties 'namespace' not allowed"],
    ['watch.namespaces=gateways', "at '/watch/namespaces': got string, want array"],
    ['watch.namespaces={Gateways}', "at '/watch/namespaces/0': 'Gateways' does not match pattern"],
    ['secrets.clusterwide=true', "at '/secrets': additional properties 'clusterwide' not allowed"],
    ['secrets.access=Some', "at '/secrets/access': value must be one of 'All', 'Named'"],
    ['config.driftInterval=14d', "at '/config/driftInterval': '14d' does not match pattern"],
    ['config.maxConcurrentReconciles=201', "at '/config/maxConcurrentReconciles': maximum: got 201, want 200"],
    ['config.maxDeletionsPerHour=0', "at '/config/maxDeletionsPerHour': minimum: got 0, want 1"],
    ['config.maxConcurrentRollouts=0', "at '/config/maxConcurrentRollouts': minimum: got 0, want 1"],
    ['config.logLevel=trace', "at '/config/logLevel': value must be one of 'debug', 'info', 'warn', 'error'"],
    ['config.azureClouds.AzureCloud.audience=x', "additional properties 'AzureCloud' not allowed"],
    ['config.azureClouds.AzurePublicCloud.url=x', "additional properties 'url' not allowed"],
    ['image.digest=9f86d0', "at '/image/digest': '9f86d0' does not match pattern"],
    ['image.pullpolicy=Always', "at '/image': additional properties 'pullpolicy' not allowed"],
    ['crds.enabled=false', "at '/crds': additional properties 'enabled' not allowed"],
    ['serviceAccount.annotation.a=b', "additional properties 'annotation' not allowed"],
    ['rbac.enabled=true', "at '/rbac': additional properties 'enabled' not allowed"],
    ['workloadIdentity.clientId=me', "at '/workloadIdentity/clientId': 'me' does not match pattern"],
    ['extraArgs={log-level=debug}', "at '/extraArgs/0': 'log-level=debug' does not match pattern"],
    ['extraEnv[0].nmae=A', "at '/extraEnv/0': missing property 'name'"],
    ['resources.limit.memory=1Gi', "at '/resources': additional properties 'limit' not allowed"],
    ['securityContext.readonlyRootFilesystem=true', "additional properties 'readonlyRootFilesystem' not allowed"],
    ['livenessProbe.httpGet.path=/', "at '/livenessProbe': additional properties 'httpGet' not allowed"],
    ['tolerations[0].effects=NoSchedule', "at '/tolerations/0': additional properties 'effects' not allowed"],
    ['podDisruptionBudget.minAvailable=1', "additional properties 'minAvailable' not allowed"],
    ['networkPolicy.egressPorts={https}', "at '/networkPolicy/egressPorts/0': got string, want integer"],
    ['admissionPolicies.secretReferences.action=Refuse', "value must be one of 'Deny', 'Warn', 'Audit'"],
    ['monitoring.serviceMonitors.enabled=true', "additional properties 'serviceMonitors' not allowed"],
    ['monitoring.podMonitor.interval=often', "at '/monitoring/podMonitor/interval': 'often' does not match pattern"],
  ])('refuses %s', async (setting, message) => {
    expect(await refusalOf(...DEFAULTS, '--set', setting)).toContain(message);
  });

  const schema = JSON.parse(readFileSync(join(CHART, 'values.schema.json'), 'utf8')) as JsonObject;
  const values = parse(readFileSync(join(CHART, 'values.yaml'), 'utf8')) as JsonObject;

  it('lets no object hold what it does not name, but for maps and what the API server checks', () => {
    expect(openObjects(schema, '')).toEqual([]);
  });

  it('names every value of values.yaml, and no value that is not there', () => {
    const named = Object.keys(isJsonObject(schema.properties) ? schema.properties : {});
    // What Helm itself adds for charts within charts.
    expect(named.filter((name) => name !== 'global').sort()).toEqual(Object.keys(values).sort());
  });

  it('lets the chart be part of another', async () => {
    expect(await helm.template(...DEFAULTS, '--set', 'global.region=westeurope')).toContain('kind: Deployment');
  });
});

/** Where a schema allows anything: objects without `additionalProperties` and without a `$comment` on who checks them. */
function openObjects(schema: JsonValue | undefined, path: string): string[] {
  if (Array.isArray(schema)) return schema.flatMap((item, index) => openObjects(item, `${path}/${index}`));
  if (!isJsonObject(schema)) return [];
  const isOpen = schema.type === 'object' && schema.additionalProperties === undefined && schema.$comment === undefined;
  return [
    ...(isOpen ? [path] : []),
    ...Object.entries(schema).flatMap(([name, value]) => openObjects(value, `${path}/${name}`)),
  ];
}

describe('values that do not fit together', () => {
  it('are all named at once, each with what to do', async () => {
    const refusal = await refusalOf(
      '--set',
      'monitoring.serviceMonitor.enabled=true,monitoring.podMonitor.enabled=true',
    );
    for (const hint of [
      '--set installationId=contoso-prod',
      '--set image.repository=registry.contoso.com/cmg-operator',
      "--set 'watch.namespaces={gateways}'; or grant it with --set secrets.clusterWide=true; or name the Secrets",
      'both enabled, so that every pod would be scraped twice. Enable one of them.',
    ]) {
      expect(refusal).toContain(hint);
    }
  });

  it.each([
    ['secrets.clusterWide=true', 'Leave one of them out.'],
    ['secrets.names={azure}', 'Set it to Named, or leave them out.'],
    ['secrets.access=Named,secrets.names={azure}', "--set 'secrets.gateways={granitefalls}'"],
  ])('are refused: a namespace and %s', async (setting, hint) => {
    expect(await refusalOf(...DEFAULTS, '--set', setting)).toContain(hint);
  });

  it('leave the Secrets to whoever grants rights without the chart', async () => {
    const objects = await helm.render(...DEFAULTS, '--set', 'watch.namespaces=null,rbac.create=false');
    expect(objects.filter(({ kind }) => /Role(Binding)?$/.test(kind)).map(({ metadata }) => metadata.name)).toEqual([
      'cmg-operator-cmg-system-view',
      'cmg-operator-cmg-system-edit',
    ]);
  });
});

describe('the arguments of the container', () => {
  it.each(VALUES_FILES)('are taken by the operator with %s', async (file) => {
    expect(readConfig(argumentsOf(await helm.render(...withValues(file))), {})).toMatchObject({ kind: 'Run' });
  });

  it("are the operator's own defaults as long as nothing else is asked for", async () => {
    const args = argumentsOf(await helm.render(...DEFAULTS));
    const plain = ['--installation-id=contoso-prod', '--namespaces=gateways', '--leader-election-namespace=cmg-system'];
    expect(readConfig(args, {})).toEqual(readConfig(plain, {}));
  });

  it('say what the values say, and end with those that win', async () => {
    expect(readConfig(argumentsOf(await helm.render(...withValues('everything-values.yaml'))), {})).toMatchObject({
      config: {
        namespaces: ['gateways', 'gateways-test'],
        'drift-interval': 90 * 60_000,
        'full-read-interval': 6 * 3_600_000,
        'client-count-interval': 2 * 3_600_000,
        'gateway-probe': 'AzureOnly',
        'max-concurrent-reconciles': 20,
        'max-deletions-per-hour': 10,
        'max-concurrent-rollouts': 2,
        'log-level': 'debug',
        'log-format': 'text',
        'azure-cloud-file': '/etc/cmg-operator/azure-clouds.json',
        'http-bind-address': { host: '::', port: 8080 },
      },
    });
  });
});

/** The arguments that the rendered Deployment gives to the operator. */
function argumentsOf(objects: readonly RenderedObject[]): readonly string[] {
  const deployment = objects.find(({ kind }) => kind === 'Deployment') as
    | {
        readonly spec: { readonly template: { readonly spec: { readonly containers: readonly { args: string[] }[] } } };
      }
    | undefined;
  return deployment?.spec.template.spec.containers[0]?.args ?? [];
}

describe('two installations in one cluster', () => {
  it('share no object but the definitions, which one of them leaves to the other', async () => {
    const namesOf = async (namespace: string, settings: string) =>
      (await helm.render(...DEFAULTS, '--namespace', namespace, '--set', settings)).map(
        ({ kind, metadata }) => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`,
      );
    const first = await namesOf('cmg-europe', 'watch.namespaces={europe}');
    const second = await namesOf('cmg-asia', 'watch.namespaces={asia},crds.install=false');
    expect(first.filter((name) => second.includes(name))).toEqual([]);
    const sameNamespaces = await namesOf('cmg-asia', 'watch.namespaces={europe},crds.install=false');
    expect(first.filter((name) => sameNamespaces.includes(name))).toEqual([]);
  });
});

import { execFile } from 'node:child_process';
import { cpSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { readConfig } from '../../../src/config.ts';
import { makeTemporaryDirectory, removeTemporaryDirectory } from '../../cluster/temporary-directory.ts';
import { goProgram } from '../../tools/go-program.ts';
import { OLM_BUNDLE } from '../../tools/programs.ts';
import { BUILD_TIMEOUT_MS } from '../chart/helm.ts';
import { submit } from '../crd-manifest.ts';
import { DEPLOY, type Deployment, kustomize, objectOf } from './kustomize.ts';

const BUNDLE = join(DEPLOY, 'olm/bundle');
const read = (path: string) => readFileSync(join(DEPLOY, 'olm', path), 'utf8');
const csv = parse(read('bundle/manifests/cmg-operator.clusterserviceversion.yaml'));
const deployment: Deployment['spec'] = csv.spec.install.spec.deployments[0].spec;

let validator = '';
beforeAll(async () => {
  validator = await goProgram(OLM_BUNDLE);
}, BUILD_TIMEOUT_MS);

async function findingsOf(bundle: string): Promise<string[]> {
  return JSON.parse((await promisify(execFile)(validator, [bundle])).stdout);
}

/** A copy of the bundle with one file changed. */
function changedBundle(file: string, change: (text: string) => string): string {
  const folder = realpathSync(makeTemporaryDirectory());
  onTestFinished(() => removeTemporaryDirectory(folder));
  cpSync(BUNDLE, folder, { recursive: true });
  writeFileSync(join(folder, file), change(readFileSync(join(folder, file), 'utf8')));
  return folder;
}

describe('the OLM bundle', () => {
  test('is what the library of Operator Lifecycle Manager takes', async () => {
    // It knows groups by their last version with the deprecated kind: events.k8s.io/v1 is meant, v1beta1 is gone.
    const mistaken = /^WARNING .*removed in v1\.25.*events: \(\["ClusterServiceVersion\.Spec\.InstallStrategy/;
    expect(await findingsOf(BUNDLE)).toEqual([expect.stringMatching(mistaken)]);
  });

  test.each([
    { what: 'offered examples of another kind', from: /"kind": "CMG"/g, to: '"kind": "Gate"' },
    { what: 'owned a kind without its definition', from: /^ {8}kind: CMG$/m, to: '        kind: Gate' },
    { what: 'named a capability that does not exist', from: 'capabilities: Full', to: 'capabilities: Fuller' },
  ])('would be refused if it $what', async ({ from, to }) => {
    const file = 'manifests/cmg-operator.clusterserviceversion.yaml';
    const findings = await findingsOf(changedBundle(file, (text) => text.replace(from, to)));
    expect(findings.filter((finding) => finding.startsWith('ERROR'))).not.toEqual([]);
  });

  test('has examples that the API server accepts', async () => {
    const examples = JSON.parse(csv.metadata.annotations['alm-examples']);
    expect(examples.map(({ metadata }: { metadata: { name: string } }) => metadata.name)).toEqual([
      'granitefalls',
      'bluemountain',
      'silverlake',
      'lakeside',
      'maplewood',
      'elmhurst',
      'ps1',
      'cp01',
      'branch-offices',
    ]);
    for (const example of examples) {
      expect(await submit(example)).toMatchObject({ accepted: true, message: '' });
    }
  });

  test('carries the same labels in its image as in its metadata', () => {
    const labels = [...read('bundle.Dockerfile').matchAll(/^LABEL (\S+)=(\S+)$/gm)].map(([, key, value]) => [
      key,
      value,
    ]);
    expect(Object.fromEntries(labels)).toEqual(parse(read('bundle/metadata/annotations.yaml')).annotations);
  });

  test('grants what the kustomize base grants', async () => {
    const objects = await kustomize('base');
    const rulesOf = (kind: string, name: string) =>
      objectOf<{ readonly rules: readonly object[] }>(objects, kind, name).rules;
    expect(csv.spec.install.spec.permissions).toEqual([
      {
        serviceAccountName: 'cmg-operator',
        rules: [...rulesOf('ClusterRole', 'cmg-operator'), ...rulesOf('Role', 'cmg-operator-leader-election')],
      },
    ]);
    expect(csv.spec.install.spec.clusterPermissions).toEqual([
      { serviceAccountName: 'cmg-operator', rules: rulesOf('ClusterRole', 'cmg-operator-cluster-identity') },
    ]);
  });

  test.each([
    { mode: 'AllNamespaces', targets: '', watched: [] },
    { mode: 'OwnNamespace', targets: 'cmg-operator', watched: ['cmg-operator'] },
    { mode: 'SingleNamespace', targets: 'gateways', watched: ['gateways'] },
    { mode: 'MultiNamespace', targets: 'gateways,gateways-pilot', watched: ['gateways', 'gateways-pilot'] },
  ])('watches what OLM tells it in the mode $mode', ({ mode, targets, watched }) => {
    expect(csv.spec.installModes).toContainEqual({ type: mode, supported: true });
    const { args = [], env } = deployment.template.spec.containers[0];
    expect(args).toEqual([]);
    // OLM writes the namespaces into this annotation, and the Subscription's variables beside ours.
    const field = { fieldRef: { fieldPath: "metadata.annotations['olm.targetNamespaces']" } };
    expect(env).toEqual([{ name: 'CMG_OPERATOR_NAMESPACES', valueFrom: field }]);
    const variables = { CMG_OPERATOR_NAMESPACES: targets, CMG_OPERATOR_INSTALLATION_ID: 'contoso-prod' };
    expect(readConfig([], variables)).toMatchObject({ kind: 'Run', config: { namespaces: watched } });
  });

  test('leaves the user and group ids to the platform', () => {
    expect(deployment.template.spec.securityContext).toEqual({
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' },
    });
  });
});

import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { generateDeploy } from './generate-deploy.ts';

const CSV = 'deploy/olm/bundle/manifests/cmg-operator.clusterserviceversion.yaml';

/** A copy of what is read, and of what is made from it. */
function checkout(): string {
  const root = mkdtempSync(join(tmpdir(), 'generate-deploy-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  for (const folder of ['crds', 'deploy']) {
    cpSync(join(import.meta.dirname, '..', folder), join(root, folder), { recursive: true });
  }
  return root;
}

function change(root: string, file: string, from: string | RegExp, to: string): void {
  const before = readFileSync(join(root, file), 'utf8');
  const after = before.replace(from, to);
  expect(after).not.toBe(before);
  writeFileSync(join(root, file), after);
}

test('the generated files of the project are current', () => {
  expect(generateDeploy(join(import.meta.dirname, '..'), true)).toEqual([]);
});

test.each([
  {
    what: 'a definition',
    source: 'crds/configmgr.io_cmgs.yaml',
    from: 'A cloud management gateway',
    stale: ['deploy/crds/configmgr.io_cmgs.yaml', 'deploy/olm/bundle/manifests/configmgr.io_cmgs.yaml', CSV],
  },
  {
    what: 'the health script',
    source: 'deploy/argocd/resource_customizations/configmgr.io/CMG/health.lua',
    from: 'For every kind',
    stale: ['deploy/argocd/argocd-cm.yaml'],
  },
  { what: 'a role', source: 'deploy/base/operator-role.yaml', from: 'verbs: [create, patch]', stale: [CSV] },
  { what: 'a sample', source: 'deploy/samples/pki-clients/gateway.yaml', from: 'northeurope', stale: [CSV] },
])('a change of $what makes its copies stale until they are made anew', ({ source, from, stale }) => {
  const root = checkout();
  change(root, source, from, 'changed');
  expect(generateDeploy(root, true)).toEqual(stale);
  expect(generateDeploy(root, false)).toEqual(stale);
  expect(generateDeploy(root, true)).toEqual([]);
});

test('a definition is copied word for word', () => {
  const body = (file: string) => readFileSync(join(import.meta.dirname, '..', file), 'utf8').replace(/^(#.*\n)*/, '');
  const file = 'configmgr.io_cmgs.yaml';
  expect(body(`deploy/crds/${file}`)).toBe(body(`crds/${file}`));
  expect(parse(body(`deploy/olm/bundle/manifests/${file}`))).toEqual(parse(body(`crds/${file}`)));
});

test('a descriptor of a field that does not exist is refused', () => {
  const root = checkout();
  change(root, 'deploy/olm/base/cmg-operator.clusterserviceversion.yaml', 'path: vm.size', 'path: vm.wheels');
  expect(() => generateDeploy(root, true)).toThrow('CMG v1alpha1 has no field spec.vm.wheels.');
});

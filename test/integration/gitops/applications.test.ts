import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { DEPLOY } from '../deploy/kustomize.ts';

const read = (path: string) => parse(readFileSync(join(DEPLOY, path), 'utf8'));

it.each(['operator', 'gateways'])(
  'the Application %s applies on the server, and deletes nothing when it goes itself',
  (name) => {
    const { kind, metadata, spec } = read(`argocd/${name}.yaml`);
    expect(kind).toBe('Application');
    expect(metadata.finalizers).toBeUndefined();
    expect(spec.source.path).toBe(name);
    expect(spec.syncPolicy.syncOptions).toContain('ServerSideApply=true');
    expect(spec.ignoreDifferences).toBeUndefined();
  },
);

it('the Kustomization of the gateways waits for them, and for the operator before that', () => {
  const operator = read('flux/operator.yaml');
  const gateways = read('flux/gateways.yaml');
  expect([operator.spec.path, gateways.spec.path]).toEqual(['./operator', './gateways']);
  expect(gateways.spec.dependsOn).toEqual([{ name: operator.metadata.name }]);
  expect(gateways.metadata.namespace).toBe(operator.metadata.namespace);
  expect([operator.spec.wait, gateways.spec.wait]).toEqual([true, true]);
});

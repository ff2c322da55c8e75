import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { APPLY_PATCH } from '../../cluster/api-client.ts';
import { namespaceForTest, sharedApi } from '../../cluster/shared.ts';
import { DEPLOY } from '../deploy/kustomize.ts';
import { CUSTOMIZATION, healthSuite } from './health-script.ts';

const healthOf = healthSuite();
const KEYS = ['BoundaryGroupReference', 'CMG', 'ConnectionPoint', 'Site'].map(
  (kind) => `resource.customizations.health.configmgr.io_${kind}`,
);

it('joins the configuration that Argo CD has, and judges as the script does', async () => {
  const namespace = await namespaceForTest('argocd');
  const path = `/api/v1/namespaces/${namespace}/configmaps`;
  const own = {
    'resource.customizations.health.example.org_Gate': 'return {status = "Healthy"}',
    url: 'https://argocd',
  };
  await sharedApi().call('POST', path, { metadata: { name: 'argocd-cm' }, data: own });

  const config = parse(readFileSync(join(DEPLOY, 'argocd/argocd-cm.yaml'), 'utf8'));
  expect(config.metadata).toEqual({ name: 'argocd-cm', namespace: 'argocd' });
  const here = { ...config, metadata: { ...config.metadata, namespace } };
  await sharedApi().call('PATCH', `${path}/argocd-cm?fieldManager=cmg-operator-health`, here, APPLY_PATCH);

  const { data } = (await sharedApi().call('GET', `${path}/argocd-cm`)) as { readonly data: Record<string, string> };
  const script = readFileSync(join(CUSTOMIZATION, 'health.lua'), 'utf8');
  expect(data).toEqual({ ...own, ...Object.fromEntries(KEYS.map((key) => [key, script])) });
  const ready = parse(readFileSync(join(CUSTOMIZATION, 'testdata/ready.yaml'), 'utf8'));
  for (const key of KEYS) expect(await healthOf([ready], data[key])).toEqual(await healthOf([ready]));
});

it('the interpreter refuses what Argo CD refuses', async () => {
  await expect(healthOf([{}], 'return string.format("%s", "x")')).rejects.toThrow(
    /attempt to index a non-table object\(nil\)/,
  );
  await expect(healthOf([{}], 'return "Healthy"')).rejects.toThrow('returned a string instead of a table');
  await expect(healthOf([{}], 'while true do end')).rejects.toThrow(/context deadline exceeded/);
});

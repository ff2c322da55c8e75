import { execFile } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import { inject, onTestFinished } from 'vitest';
import { stringify } from 'yaml';
import { readConfig } from '../../../src/config.ts';
import { objectsOf, type RenderedObject } from '../chart/helm.ts';

export const DEPLOY = realpathSync(join(import.meta.dirname, '../../../deploy'));

/** What `kubectl kustomize` makes of a folder; a relative path is one in `deploy/`. */
export async function kustomize(folder: string): Promise<RenderedObject[]> {
  const { stdout } = await promisify(execFile)(inject('kubectlPath'), ['kustomize', join(DEPLOY, folder)], {
    maxBuffer: 16 * 1024 ** 2,
  });
  return objectsOf(stdout);
}

/** As `kustomize`, of a kustomization of a user's own. `resources` and `components` are folders in `deploy/`. */
export async function kustomizeOwn(kustomization: {
  readonly resources: readonly string[];
  readonly components?: readonly string[];
  readonly [field: string]: unknown;
}): Promise<RenderedObject[]> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'kustomization-')));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const pathsTo = (folders: readonly string[] = []) => folders.map((each) => relative(folder, join(DEPLOY, each)));
  const { resources, components } = kustomization;
  const text = stringify({ ...kustomization, resources: pathsTo(resources), components: pathsTo(components) });
  writeFileSync(join(folder, 'kustomization.yaml'), text);
  const { stdout } = await promisify(execFile)(inject('kubectlPath'), ['kustomize', folder], {
    maxBuffer: 16 * 1024 ** 2,
  });
  return objectsOf(stdout);
}

/** The one object of a kind, and of a name if there are more. */
export function objectOf<T = RenderedObject>(objects: readonly RenderedObject[], kind: string, name?: string): T {
  const found = objects.filter((each) => each.kind === kind && (name === undefined || each.metadata.name === name));
  if (found.length !== 1) {
    throw new Error(`${found.length} objects are ${kind} ${name ?? ''}, not one.`);
  }
  return found[0] as T;
}

/** The parts of a container that tests look at. */
export interface Container {
  readonly name: string;
  readonly args?: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value?: string; readonly valueFrom?: unknown }[];
  readonly envFrom?: readonly { readonly configMapRef: { readonly name: string } }[];
  readonly [field: string]: unknown;
}

/** The parts of a Deployment that tests look at. */
export interface Deployment extends RenderedObject {
  readonly spec: {
    readonly replicas: number;
    readonly template: {
      readonly metadata: { readonly labels: Readonly<Record<string, string>> };
      readonly spec: { readonly containers: readonly [Container]; readonly [field: string]: unknown };
    };
  };
}

/** How the operator reads the arguments and variables that its container gets, ConfigMaps included. */
export function configurationOf(objects: readonly RenderedObject[]) {
  const {
    args = [],
    env = [],
    envFrom = [],
  } = objectOf<Deployment>(objects, 'Deployment').spec.template.spec.containers[0];
  const fromConfigMaps = envFrom.map(
    ({ configMapRef }) => objectOf<{ readonly data: object }>(objects, 'ConfigMap', configMapRef.name).data,
  );
  const own = Object.fromEntries(env.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value]])));
  return readConfig(args, Object.assign({}, ...fromConfigMaps, own));
}

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';
import { APPLY_PATCH, type ApiClient, waitFor } from './api-client.ts';

const CRDS_DIRECTORY = fileURLToPath(new URL('../../crds/', import.meta.url));

interface Definition {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly group: string;
    readonly names: { readonly plural: string };
    readonly versions: readonly { readonly name: string; readonly served: boolean }[];
  };
}

/**
 * Installs the project's CustomResourceDefinitions, and waits until the API server serves them. Installing them again
 * changes nothing. Returns their names.
 *
 * @param directory with the YAML files. Default: `crds/`.
 */
export async function installDefinitions(api: ApiClient, directory = CRDS_DIRECTORY): Promise<string[]> {
  const definitions = readDefinitions(directory);
  for (const definition of definitions) {
    const path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${definition.metadata.name}`;
    await api.call('PATCH', `${path}?fieldManager=test&force=true`, JSON.stringify(definition), APPLY_PATCH);
  }
  for (const definition of definitions) await untilServed(api, definition);
  return definitions.map(({ metadata }) => metadata.name);
}

/**
 * Waits until the API server serves the kinds of the project's installed CustomResourceDefinitions. One that is deleted
 * before may stay for minutes: its finalizer cannot list the objects yet, conflicts with its own report of that, and then
 * looks again only after five minutes (apiextensions-apiserver 1.37, `crd_finalizer.go`).
 */
export async function untilDefinitionsServed(api: ApiClient): Promise<void> {
  for (const definition of readDefinitions(CRDS_DIRECTORY)) await untilServed(api, definition);
}

function readDefinitions(directory: string): Definition[] {
  const files = readdirSync(directory).filter((name) => name.endsWith('.yaml'));
  const documents = files.sort().flatMap((name) => {
    const text = readFileSync(join(directory, name), 'utf8');
    return parseAllDocuments(text).map((document) => {
      const mistake = document.errors[0];
      if (mistake !== undefined) throw new Error(`${name}: ${mistake.message}`);
      return document.toJS() as Definition | null;
    });
  });
  return documents.filter((document) => document?.kind === 'CustomResourceDefinition') as Definition[];
}

async function untilServed(api: ApiClient, { metadata, spec }: Definition): Promise<void> {
  const path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${metadata.name}`;
  await waitFor(`definition ${metadata.name} to be established`, async () => {
    const { status } = (await api.call('GET', path)) as { status?: { conditions?: readonly Condition[] } };
    const refused = status?.conditions?.find(({ type, status }) => type === 'NonStructuralSchema' && status === 'True');
    if (refused !== undefined) throw new Error(`definition ${metadata.name}: ${refused.message}`);
    return status?.conditions?.find(({ type, status }) => type === 'Established' && status === 'True');
  });
  // Established says that it will be served; the API server gets there a moment later.
  for (const { name } of spec.versions.filter(({ served }) => served)) {
    await waitFor(`${spec.names.plural}.${name} to be served`, async () => {
      const { status } = await api.send('GET', `/apis/${spec.group}/${name}/${spec.names.plural}?limit=1`);
      return status === 200 ? true : undefined;
    });
  }
}

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly message: string;
}

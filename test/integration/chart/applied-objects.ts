import { APPLY_PATCH, type ApiClient, waitFor } from '../../cluster/api-client.ts';
import type { RenderedObject } from './helm.ts';

/** An object as the API server has it. */
export interface StoredObject extends RenderedObject {
  readonly metadata: RenderedObject['metadata'] & { readonly resourceVersion: string };
}

/** Rendered objects in a cluster. */
export interface AppliedObjects {
  /**
   * Applies them on the server, in their order, as tools for GitOps do, and waits until definitions are in force. Unknown
   * fields are refused.
   */
  apply(): Promise<void>;
  /** Those that are there. */
  stored(): Promise<readonly StoredObject[]>;
  /** Kind and name of each that is there, with its version, which every change of it raises. */
  versions(): Promise<Readonly<Record<string, string>>>;
  /** Deletes all but the definitions. */
  remove(): Promise<void>;
}

/** The objects whose kinds the API server knows; those of others have to be left out before. */
export function appliedObjects(api: ApiClient, objects: readonly RenderedObject[]): AppliedObjects {
  const plurals = new Map<string, Promise<ReadonlyMap<string, string>>>();
  const pathOf = async ({ apiVersion, kind, metadata }: RenderedObject) => {
    const group = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const known = plurals.get(group) ?? readPlurals(api, group);
    plurals.set(group, known);
    const plural = (await known).get(kind);
    if (plural === undefined) throw new Error(`The API server knows no ${kind} of ${apiVersion}.`);
    const namespace = metadata.namespace === undefined ? '' : `/namespaces/${metadata.namespace}`;
    return `${group}${namespace}/${plural}/${metadata.name}`;
  };
  const stored: AppliedObjects['stored'] = async () => {
    const answers = await Promise.all(objects.map(async (object) => api.send('GET', await pathOf(object))));
    return answers.filter(({ status }) => status === 200).map(({ body }) => body as StoredObject);
  };
  return {
    apply: async () => {
      for (const object of objects) {
        const options = 'fieldManager=gitops&force=true&fieldValidation=Strict';
        const path = await pathOf(object);
        await api.call('PATCH', `${path}?${options}`, object, APPLY_PATCH);
        if (isDefinition(object))
          await waitFor(`${object.metadata.name} to be established`, () => isEstablished(api, path));
      }
    },
    stored,
    versions: async () =>
      Object.fromEntries(
        (await stored()).map(({ kind, metadata }) => [`${kind} ${metadata.name}`, metadata.resourceVersion]),
      ),
    remove: async () => {
      for (const object of objects) if (!isDefinition(object)) await api.send('DELETE', await pathOf(object));
    },
  };
}

function isDefinition({ kind }: RenderedObject): boolean {
  return kind === 'CustomResourceDefinition';
}

async function isEstablished(api: ApiClient, path: string): Promise<true | undefined> {
  const { status } = (await api.call('GET', path)) as { status?: { conditions?: { type: string; status: string }[] } };
  return status?.conditions?.some(({ type, status }) => type === 'Established' && status === 'True') || undefined;
}

async function readPlurals(api: ApiClient, group: string): Promise<ReadonlyMap<string, string>> {
  const { resources } = (await api.call('GET', group)) as { resources: readonly { name: string; kind: string }[] };
  return new Map(resources.filter(({ name }) => !name.includes('/')).map(({ name, kind }) => [kind, name]));
}

import type { CMG } from '../api/v1alpha1/cmg.generated.ts';
import type { ConnectionPoint } from '../api/v1alpha1/connectionpoint.generated.ts';
import { CMG_KIND } from '../controllers/cmg/kind.ts';
import { CONNECTION_POINT_KIND } from '../controllers/connectionpoint/kind.ts';
import { isJsonObject, type JsonObject } from '../json.ts';
import { ApiError, isForbidden, isNotFound } from '../runtime/api-error.ts';
import { createKubernetesClient, type KubernetesClient } from '../runtime/client.ts';
import { systemClock } from '../runtime/clock.ts';
import { type KubeConfig, loadKubeConfig } from '../runtime/kube-config.ts';
import type { KubernetesObject, ObjectIntent, ObjectKey } from '../runtime/objects.ts';
import { VERSION } from '../version.ts';
import { Failure } from './failure.ts';
import { type Application, intentOf } from './plan/application.ts';

/** Which cluster, and what of it. */
export interface ClusterChoice {
  readonly kubeconfig?: string;
  readonly context?: string;
}

/** A cluster as whoever asks sees it. */
export interface Cluster {
  /** Of the context; `default` where it names none. */
  readonly namespace: string;
  /** The CMG as it is; `undefined`: there is none of that name, or the kind is not known. */
  read(key: ObjectKey): Promise<StoredCmg | undefined>;
  /** What the CMG would be. Nothing is stored. */
  tryOut(application: Application, manifest: JsonObject, key: Required<ObjectKey>): Promise<Trial>;
  /** The connection points of a namespace; `undefined`: whoever asks may not list them. */
  connectionPoints(namespace: string): Promise<readonly ConnectionPoint[] | undefined>;
  close(): Promise<void>;
}

/** A CMG with all that stands in its metadata. */
export type StoredCmg = CMG & KubernetesObject;

/** What the API server says of a manifest. */
export type Trial =
  | { readonly kind: 'Accepted'; readonly cmg: CMG }
  /** By schema, by rule, or by an admission policy. */
  | { readonly kind: 'Refused'; readonly messages: readonly string[] };

/** Nothing is told of a cluster without a kubeconfig: this is where every Kubernetes client then looks. */
const NOWHERE = 'http://localhost:8080';

/** @throws Failure without a usable kubeconfig */
export function openCluster({ kubeconfig, context }: ClusterChoice): Cluster {
  const kubeConfig = kubeConfigOf(kubeconfig, context);
  const client = clientOf(kubeConfig);
  const { signal } = new AbortController();
  return {
    namespace: kubeConfig.getContextObject(kubeConfig.getCurrentContext())?.namespace || 'default',
    read: (key) => absentOr(client.get<StoredCmg>(CMG_KIND, key, { signal })),
    tryOut: (application, manifest, key) => tryOut(client, application, manifest, key),
    connectionPoints: async (namespace) => {
      try {
        const { items } = await client.list<ConnectionPoint & KubernetesObject>(CONNECTION_POINT_KIND, {
          namespace,
          signal,
        });
        return items;
      } catch (error) {
        if (isForbidden(error) || isNotFound(error)) {
          return undefined;
        }
        throw error;
      }
    },
    close: () => client.close(),
  };
}

function clientOf(kubeConfig: KubeConfig): KubernetesClient {
  try {
    return createKubernetesClient({ kubeConfig, clock: systemClock, userAgent: `kubectl-cmg/${VERSION}` });
  } catch (error) {
    throw new Failure(messageOf(error));
  }
}

function kubeConfigOf(path: string | undefined, context: string | undefined): KubeConfig {
  let kubeConfig: KubeConfig;
  try {
    kubeConfig = loadKubeConfig(path);
  } catch (error) {
    throw new Failure(`The kubeconfig cannot be read: ${messageOf(error)}`);
  }
  if (context !== undefined) {
    if (kubeConfig.getContextObject(context) === null) {
      const names = kubeConfig.getContexts().map(({ name }) => name);
      throw new Failure(`The kubeconfig has no context ${context}. It has: ${names.join(', ') || 'none'}.`);
    }
    kubeConfig.setCurrentContext(context);
  }
  if (path === undefined && kubeConfig.getCurrentCluster()?.server === NOWHERE) {
    throw new Failure('There is no kubeconfig. Name one with --kubeconfig or the variable KUBECONFIG.');
  }
  return kubeConfig;
}

async function absentOr<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (isNotFound(error) && error.details?.name !== undefined) {
      return undefined;
    }
    throw error;
  }
}

async function tryOut(
  client: KubernetesClient,
  application: Application,
  manifest: JsonObject,
  key: Required<ObjectKey>,
): Promise<Trial> {
  const options = { dryRun: true, fieldValidation: 'Strict', signal: new AbortController().signal } as const;
  try {
    const cmg =
      application.kind === 'ServerSide'
        ? await client.apply<StoredCmg>(CMG_KIND, intentOfManifest(manifest, key), {
            ...options,
            fieldManager: application.fieldManager,
            force: true,
          })
        : await client.patch<StoredCmg>(CMG_KIND, key, { type: 'merge', body: application.patch }, options);
    return { kind: 'Accepted', cmg };
  } catch (error) {
    if (error instanceof ApiError && isRefusal(error)) {
      return { kind: 'Refused', messages: refusalInWords(error) };
    }
    throw error;
  }
}

function intentOfManifest(manifest: JsonObject, { namespace, name }: Required<ObjectKey>): ObjectIntent {
  const intent = intentOf(manifest, namespace);
  const metadata = isJsonObject(intent.metadata) ? intent.metadata : {};
  return { ...intent, metadata: { ...metadata, namespace, name } };
}

/** An apply with an unknown field, or a value of another type, is answered as a fault of the server. */
const TYPED_PATCH = /failed to create typed patch object \(.*?\): \.?(.*)$/;

/** Whether the manifest is wrong, and not the request. */
function isRefusal(error: ApiError): boolean {
  return error.status === 422 || error.status === 400 || TYPED_PATCH.test(error.message);
}

function refusalInWords(error: ApiError): readonly string[] {
  const causes = (error.details?.causes ?? []).flatMap(({ field, message }) =>
    message === undefined ? [] : [field === undefined || field === '<nil>' ? message : `${field}: ${message}`],
  );
  const [, ofType] = TYPED_PATCH.exec(error.message) ?? [];
  return causes.length === 0 ? [ofType ?? error.message] : [...new Set(causes)];
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

import { parseAllDocuments } from 'yaml';
import { isJsonObject, type JsonObject, type JsonValue } from '../../json.ts';

const GROUP = 'configmgr.io';
const API_VERSION = `${GROUP}/v1alpha1`;

/** An object as it stands in a file. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  /** Absent where the manifest names none. */
  readonly namespace?: string;
  readonly body: JsonObject;
}

/** What stands in the files. */
export interface Manifests {
  readonly cmgs: readonly Manifest[];
  /** They may be what a second gateway needs. */
  readonly connectionPoints: readonly Manifest[];
  /** What is neither, and is not looked at. */
  readonly others: readonly Manifest[];
}

/** What is wrong with a file, in words for the person who wrote it. */
export class ManifestError extends Error {
  override readonly name = 'ManifestError';
}

/**
 * The objects of a YAML or JSON text with any number of documents; a `List` stands for its items.
 *
 * @param source name of the file, for messages
 * @throws ManifestError when the text is no YAML, or something in it is no object of Kubernetes
 */
export function readManifests(source: string, text: string): readonly Manifest[] {
  return parseAllDocuments(text).flatMap((document) => objectsIn(source, parsed(source, document)));
}

function parsed(source: string, document: ReturnType<typeof parseAllDocuments>[number]): JsonValue {
  try {
    const [mistake] = document.errors;
    if (mistake === undefined) {
      return document.toJS();
    }
    throw mistake;
  } catch (error) {
    // What follows the first line draws the place.
    const [message = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
    throw new ManifestError(`${source} is not YAML: ${message.replace(/:$/, '')}.`);
  }
}

/** Sorts objects by what is done with them. @throws ManifestError for a CMG of a version that nobody knows */
export function sortManifests(manifests: readonly Manifest[]): Manifests {
  const ours = (kind: string) =>
    manifests.filter((each) => each.kind === kind && each.apiVersion.split('/')[0] === GROUP);
  const cmgs = ours('CMG');
  const foreign = cmgs.find(({ apiVersion }) => apiVersion !== API_VERSION);
  if (foreign !== undefined) {
    throw new ManifestError(`CMG ${foreign.name} has the apiVersion ${foreign.apiVersion}; known is ${API_VERSION}.`);
  }
  const connectionPoints = ours('ConnectionPoint');
  return {
    cmgs,
    connectionPoints,
    others: manifests.filter((each) => !cmgs.includes(each) && !connectionPoints.includes(each)),
  };
}

function objectsIn(source: string, value: JsonValue): readonly Manifest[] {
  // What stands between two separators may be empty, or a comment.
  if (value === null) {
    return [];
  }
  if (!isJsonObject(value) || typeof value.apiVersion !== 'string' || typeof value.kind !== 'string') {
    throw new ManifestError(`${source} holds something without apiVersion and kind, which is no manifest.`);
  }
  const { apiVersion, kind, metadata, items } = value;
  if (kind.endsWith('List') && Array.isArray(items)) {
    return items.flatMap((item: JsonValue) => objectsIn(source, item));
  }
  const { name, namespace } = isJsonObject(metadata) ? metadata : {};
  if (typeof name !== 'string' || name === '') {
    throw new ManifestError(`${source} holds a ${kind} without metadata.name.`);
  }
  return [{ apiVersion, kind, name, ...(typeof namespace === 'string' ? { namespace } : {}), body: value }];
}

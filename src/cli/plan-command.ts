import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import type { ConnectionPoint } from '../api/v1alpha1/connectionpoint.generated.ts';
import { isJsonObject, valueAt } from '../json.ts';
import type { ObservedPoint } from '../redeployment/observed.ts';
import { systemClock } from '../runtime/clock.ts';
import { type Cluster, type ClusterChoice, openCluster } from './cluster.ts';
import { explained, Failure } from './failure.ts';
import { applicationOf } from './plan/application.ts';
import { changesOf } from './plan/changes.ts';
import { consequenceOf } from './plan/consequence.ts';
import { type Manifest, ManifestError, type Manifests, readManifests, sortManifests } from './plan/manifests.ts';
import type { CmgPlan } from './plan/report.ts';
import { type KnownPoints, pointOf } from './plan/situation.ts';

/** What `kubectl cmg plan` is asked. */
export interface PlanOptions extends ClusterChoice {
  /** Names of files; `-` is the standard input. */
  readonly files: readonly string[];
  readonly namespace?: string;
  /** As whom a server-side apply would be made. Default: found out from what is there. */
  readonly fieldManager?: string;
}

/** What `kubectl cmg plan` answers. */
export interface PlanAnswer {
  readonly plans: readonly CmgPlan[];
  /** Objects in the files that are not looked at. */
  readonly skipped: readonly Manifest[];
}

/**
 * What would follow from applying manifests. Nothing is written.
 *
 * @throws Failure when files cannot be read, hold no CMG, or the cluster does not answer what it is asked
 */
export async function planManifests(options: PlanOptions): Promise<PlanAnswer> {
  const manifests = await manifestsIn(options.files);
  if (manifests.cmgs.length === 0) {
    throw new Failure(`There is no CMG in ${options.files.join(', ')}.`);
  }
  const cluster = openCluster(options);
  try {
    const plans: CmgPlan[] = [];
    for (const manifest of manifests.cmgs) {
      plans.push(await planOne(cluster, manifest, manifests, options));
    }
    return { plans, skipped: manifests.others };
  } finally {
    await cluster.close();
  }
}

async function manifestsIn(files: readonly string[]): Promise<Manifests> {
  try {
    const read: Manifest[] = [];
    for (const file of files) {
      read.push(...readManifests(file === '-' ? 'The standard input' : file, await textIn(file)));
    }
    return sortManifests(read);
  } catch (error) {
    throw error instanceof ManifestError ? new Failure(error.message) : error;
  }
}

async function textIn(file: string): Promise<string> {
  try {
    return file === '-' ? await text(process.stdin) : await readFile(file, 'utf8');
  } catch (error) {
    throw new Failure(`${file} cannot be read: ${error instanceof Error ? error.message : error}`);
  }
}

async function planOne(
  cluster: Cluster,
  manifest: Manifest,
  { connectionPoints }: Manifests,
  options: PlanOptions,
): Promise<CmgPlan> {
  const namespace = namespaceOf(manifest, options, cluster.namespace);
  const key = { namespace, name: manifest.name };
  try {
    const live = await cluster.read(key);
    const application = applicationOf(live, manifest.body, options.fieldManager);
    const trial = await cluster.tryOut(application, manifest.body, key);
    if (trial.kind === 'Refused') {
      return { ...key, kind: 'Refused', messages: trial.messages };
    }
    const { spec } = trial.cmg;
    if (live === undefined) {
      return { ...key, kind: 'Planned', cmg: { spec }, changes: [], consequence: { kind: 'Created' } };
    }
    const changes = changesOf(live.spec, spec);
    const own = connectionPoints.filter((point) => isPointOf(point, key, cluster.namespace, options.namespace));
    const points = await pointsOf(cluster, key, own, spec.siteRef !== undefined);
    const consequence = consequenceOf({ live, spec, changes, points, now: systemClock.now() });
    return { ...key, kind: 'Planned', cmg: { ...live, spec }, changes, consequence };
  } catch (error) {
    throw explained(error, namespace);
  }
}

/** As kubectl has it: a namespace on the command line does not overrule the one of a manifest. */
function namespaceOf(
  { kind, name, namespace }: Manifest,
  options: Pick<PlanOptions, 'namespace'>,
  fallback: string,
): string {
  if (namespace !== undefined && options.namespace !== undefined && namespace !== options.namespace) {
    throw new Failure(`${kind} ${name} is for the namespace ${namespace}, and --namespace says ${options.namespace}.`);
  }
  return namespace ?? options.namespace ?? fallback;
}

function isPointOf(
  point: Manifest,
  cmg: { readonly namespace: string; readonly name: string },
  fallback: string,
  namespace: string | undefined,
): boolean {
  return (
    valueAt(point.body, 'spec', 'cmgRef', 'name') === cmg.name &&
    (point.namespace ?? namespace ?? fallback) === cmg.namespace
  );
}

async function pointsOf(
  cluster: Cluster,
  cmg: { readonly namespace: string; readonly name: string },
  declared: readonly Manifest[],
  hasSite: boolean,
): Promise<KnownPoints> {
  const stored = hasSite ? await cluster.connectionPoints(cmg.namespace) : [];
  if (stored === undefined) {
    return { kind: 'NotRead' };
  }
  const kept = stored.filter((point) => isKeptFor(point, cmg.name));
  const added = declared.filter(({ name }) => stored.every(({ metadata }) => metadata.name !== name));
  return { kind: 'Read', points: [...kept.map(pointOf), ...added.map(declaredPoint)] };
}

function isKeptFor({ metadata, spec }: ConnectionPoint, cmg: string): boolean {
  return spec.cmgRef.name === cmg && metadata.deletionTimestamp === undefined;
}

function declaredPoint({ name, body }: Manifest): ObservedPoint {
  const role = isJsonObject(body.spec) && body.spec.role === 'Standby' ? 'Standby' : 'Primary';
  return { name, role, connected: 'Unknown' };
}

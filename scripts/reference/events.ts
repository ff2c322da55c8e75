import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSync, Visitor } from 'vite';
import type { CMGStatus } from '../../src/api/v1alpha1/cmg.generated.ts';
import { REASONS, type Reason } from '../../src/api/v1alpha1/conditions.ts';
import { eventsOfChange } from '../../src/controllers/cmg/status-events.ts';
import { REDEPLOYMENT_REASONS } from '../../src/redeployment/finding.ts';
import { code, page, table } from './markdown.ts';
import { PHASES } from './phases.ts';

/** An event that code records by name, as `{ type: 'Normal', reason: 'Deleted', action: 'Delete', … }`. */
export interface NamedEvent {
  readonly type: string;
  readonly reason: string;
  readonly action: string;
}

/** What the events tell that are not the beginning of a problem. */
const MEANINGS: Readonly<Record<string, string>> = {
  Ready: 'The gateway serves clients, for the first time or again.',
  DriftRepaired:
    'Somebody or something else changed the Azure resources. The note says what; the operator is setting it back.',
  ModelUpdateAvailable:
    'A new version of the operator brings a newer model of the VMs, which waits until somebody asks for it. The note has the line.',
  Deleted: 'The CMG was deleted, and its gateway is gone from Azure.',
  Retained: 'The CMG was deleted with `deletionPolicy: Retain`, or was only observed, and its gateway stays in Azure.',
  DeletionProtected:
    'The CMG was deleted although `deletionProtection` is true, as with its namespace. Its gateway stays in Azure.',
  DeletionGivenUp:
    'The gateway could not be removed for an hour, and its namespace is being deleted. It stays in Azure; the note names the resource group.',
  ConnectionPortsChanged:
    'The number of VMs changed, and the server of a ConnectionPoint has to reach other ports of the gateway. The note names them.',
  LeftOnSite:
    'The object was deleted, and the site could not be asked for an hour. What the note names is still on the site.',
  VaultNotPurged:
    'The gateway is gone, but its deleted key vault still holds the name. The note has the command that frees it.',
};

const INTRODUCTION = `# Events

\`\`\`sh
kubectl events --for cmg/granitefalls
\`\`\`

Events are written to \`events.k8s.io/v1\` with the reporting controller \`configmgr.io/cmg-operator\`. An event tells that
something has happened; the conditions tell how things are. One that repeats itself is counted in the same object. The API
server forgets events, after an hour by default; what must not be missed belongs into an alert on a condition or a metric.`;

const STEPS_INTRODUCTION = `## How a gateway is replaced

One for each step of each deployment, with the action \`Redeploy\`. The note names the deployment. [Replace a gateway without losing
clients](../redeployment.md) has the phases.`;

const PROBLEMS_INTRODUCTION = `## A problem appeared

When the reason of a condition changes to one of these, an event with the same reason and message is written, with the action
\`Reconcile\`. The links lead to what to do.`;

/** The page of events. */
export function eventsPage(root: string): string {
  const named = namedEvents(root);
  const unknown = named.filter(({ reason }) => !Object.hasOwn(MEANINGS, reason));
  if (unknown.length > 0) {
    throw new Error(
      `scripts/reference/events.ts does not say what these events mean: ${unknown.map(({ reason }) => reason).join(', ')}`,
    );
  }
  return page(
    'src/controllers/cmg/',
    INTRODUCTION,
    '## What happened to a gateway',
    table(
      ['Reason', 'Type', 'Action', 'Meaning'],
      named.map(({ type, reason, action }) => [code(reason), type, action, MEANINGS[reason] ?? '']),
    ),
    STEPS_INTRODUCTION,
    table(
      ['Reason', 'Type', 'Meaning'],
      redeploymentEvents().map(({ type, reason, meaning }) => [code(reason), type, meaning]),
    ),
    PROBLEMS_INTRODUCTION,
    table(
      ['Reason', 'Type', 'Meaning'],
      problemEvents().map(({ type, reason }) => [
        `[\`${reason}\`](conditions.md#${reason.toLowerCase()})`,
        type,
        REASONS[reason as Reason].meaning,
      ]),
    ),
  );
}

/** The events of deployments, whose names are made from their phases. */
export function redeploymentEvents(): readonly (NamedEvent & { readonly meaning: string })[] {
  const event = (what: string, meaning: string) =>
    ({ type: 'Normal', reason: `Deployment${what}`, action: 'Redeploy', meaning }) as const;
  return [
    ...Object.entries(PHASES).map(([phase, { meaning }]) => event(phase, meaning)),
    event('Gone', 'Nothing of it is left.'),
  ];
}

/** The events that follow from a reason: the operator's own function is asked for each. */
function problemEvents(): readonly NamedEvent[] {
  return Object.keys(REASONS).flatMap((reason) => {
    const { type, status } = conditionOf(reason);
    const condition = { type, status, reason, message: '', lastTransitionTime: '' };
    const after: CMGStatus = { conditions: [condition] };
    return eventsOfChange(undefined, after).map((event) => ({
      type: event.type,
      reason: event.reason,
      action: event.action,
    }));
  });
}

/** Reasons of redeployments that other conditions give too. */
const OF_OTHERS_TOO: ReadonlySet<string> = new Set<Reason>(['SiteUnreachable', 'DeletionBudget', 'LeftOnSite']);

/** A condition that gives this reason. */
function conditionOf(reason: string): { readonly type: string; readonly status: 'True' | 'False' } {
  if (reason === 'ReconcileError') {
    // A failure of the operator itself shows in Ready alone.
    return { type: 'Ready', status: 'False' };
  }
  return Object.hasOwn(REDEPLOYMENT_REASONS, reason) && !OF_OTHERS_TOO.has(reason)
    ? { type: 'Redeploying', status: 'True' }
    : { type: 'AzureReady', status: 'False' };
}

/** Every event that the controllers record by name, in the order of the names. */
export function namedEvents(root: string): readonly NamedEvent[] {
  const folder = join(root, 'src/controllers');
  const found = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
    .flatMap((path) => eventsIn(path, readFileSync(join(folder, path), 'utf8')));
  const unique = new Map(found.map((event) => [event.reason, event]));
  return [...unique.values()].toSorted((left, right) => (left.reason < right.reason ? -1 : 1));
}

/** Object literals with the members `type`, `reason`, `action` and `note`, of which the first three are literals. */
function eventsIn(path: string, source: string): readonly NamedEvent[] {
  const events: NamedEvent[] = [];
  new Visitor({
    ObjectExpression: ({ properties }) => {
      const members = new Map<string, string | undefined>();
      for (const property of properties) {
        if (property.type === 'Property' && property.key.type === 'Identifier') {
          const { value } = property;
          members.set(property.key.name, value.type === 'Literal' ? String(value.value) : undefined);
        }
      }
      const [type, reason, action] = ['type', 'reason', 'action'].map((name) => members.get(name));
      if (members.has('note') && type !== undefined && reason !== undefined && action !== undefined) {
        events.push({ type, reason, action });
      }
    },
  }).visit(parseSync(path, source, { lang: 'ts' }).program);
  return events;
}

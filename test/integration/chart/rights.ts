import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RenderedObject } from './helm.ts';
import type { ServiceAccount } from './service-account.ts';

/** One verb on one resource, as a role grants it. */
export interface Right {
  /** Where it is granted; absent: in the whole cluster. */
  readonly namespace?: string;
  readonly apiGroup: string;
  /** With its subresource: `cmgs/status`. */
  readonly resource: string;
  readonly verb: string;
  /** Of the object; absent: any. */
  readonly name?: string;
}

/** A request as the API server's audit log has it. */
export interface AuditedRequest extends Required<Omit<Right, 'namespace' | 'name'>> {
  readonly namespace: string;
  readonly name: string;
  readonly status: number;
  /** Whether the caller had the right; an admission plugin may have refused all the same. */
  readonly allowed: boolean;
}

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

interface Binding extends RenderedObject {
  readonly roleRef: { readonly kind: string; readonly name: string };
  readonly subjects: readonly { readonly kind: string; readonly name: string; readonly namespace: string }[];
}

export function isBinding(object: RenderedObject): object is Binding {
  return /^(Cluster)?RoleBinding$/.test(object.kind);
}

/** Whether an object is a role that one of the objects binds to somebody. Others are for people to bind. */
export function isBound({ kind, metadata }: RenderedObject, objects: readonly RenderedObject[]): boolean {
  return objects.some((each) => isBinding(each) && each.roleRef.kind === kind && each.roleRef.name === metadata.name);
}

/** What the bindings among the objects grant to a service account, each right by itself. */
export function rightsOf(account: ServiceAccount, objects: readonly RenderedObject[]): Right[] {
  return rightsByBinding(account, objects).flat();
}

/**
 * Rights by which it is seen that the API server knows all that new bindings to new roles grant: of each binding one that no
 * other grants. A role and a binding are known as a whole or not at all.
 */
export function tellingRightsOf(account: ServiceAccount, objects: readonly RenderedObject[]): Right[] {
  const granted = rightsByBinding(account, objects);
  return granted.flatMap((rights, place) => {
    const others = granted.toSpliced(place, 1).flat();
    const own = rights.find((right) => !others.some((other) => includes(other, right)));
    return own === undefined ? rights : [own];
  });
}

function rightsByBinding(account: ServiceAccount, objects: readonly RenderedObject[]): Right[][] {
  const bindings = objects.filter(isBinding);
  return bindings
    .filter(({ subjects }) =>
      subjects.some(({ name, namespace }) => name === account.name && namespace === account.namespace),
    )
    .map(({ roleRef, metadata: { namespace } }) => {
      const role = objects.find(
        ({ kind, metadata }) =>
          kind === roleRef.kind &&
          metadata.name === roleRef.name &&
          (kind === 'ClusterRole' || metadata.namespace === namespace),
      );
      if (role === undefined) throw new Error(`There is no ${roleRef.kind} ${roleRef.name}.`);
      const rights = (role.rules as readonly Rule[]).flatMap(expand);
      return namespace === undefined ? rights : rights.map((right) => ({ ...right, namespace }));
    });
}

/** Whether who has the first right has the second one as well. */
function includes(wide: Right, { apiGroup, resource, verb, namespace, name }: Right): boolean {
  return (
    wide.apiGroup === apiGroup &&
    wide.resource === resource &&
    wide.verb === verb &&
    (wide.namespace === undefined || wide.namespace === namespace) &&
    (wide.name === undefined || wide.name === name)
  );
}

function expand({ apiGroups, resources, resourceNames, verbs }: Rule): Right[] {
  const objects = resourceNames === undefined ? [{}] : resourceNames.map((name) => ({ name }));
  return apiGroups.flatMap((apiGroup) =>
    resources.flatMap((resource) =>
      verbs.flatMap((verb) => objects.map((object) => ({ apiGroup, resource, verb, ...object }))),
    ),
  );
}

/** The rights that none of the requests needed, as `verb resource.group`, with where and which where that is limited. */
export function unusedRights(rights: readonly Right[], requests: readonly AuditedRequest[]): string[] {
  return rights.filter((right) => !requests.some((request) => isFor(right, request))).map(describeRight);
}

function isFor(right: Right, request: AuditedRequest): boolean {
  return (
    right.apiGroup === request.apiGroup &&
    right.resource === request.resource &&
    right.verb === request.verb &&
    (right.namespace === undefined || right.namespace === request.namespace) &&
    (right.name === undefined || right.name === request.name)
  );
}

/** `get secrets azure in gateways` */
export function describeRight({ verb, resource, apiGroup, name, namespace }: Right): string {
  const group = apiGroup === '' ? '' : `.${apiGroup}`;
  return [verb, `${resource}${group}`, ...(name ? [name] : []), ...(namespace ? ['in', namespace] : [])].join(' ');
}

interface AuditEvent {
  readonly user: { readonly username: string };
  readonly verb: string;
  readonly objectRef?: {
    readonly apiGroup?: string;
    readonly resource: string;
    readonly subresource?: string;
    readonly namespace?: string;
    readonly name?: string;
  };
  readonly responseStatus?: { readonly code: number };
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Logs every request of service accounts and nobody else's. */
const AUDIT_POLICY = JSON.stringify({
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [{ level: 'Metadata', userGroups: ['system:serviceaccounts'] }, { level: 'None' }],
});

/** An audit log of a control plane: what service accounts asked for. */
export interface AuditLog {
  /** The API server makes it with the first of these requests. */
  readonly path: string;
  /** With which the API server writes it. */
  readonly apiServerFlags: readonly string[];
}

/** An audit log in a folder that is there. The name tells it from others in the same folder. */
export function auditLogIn(directory: string, name = 'api-server'): AuditLog {
  const policy = join(directory, `${name}.audit-policy.json`);
  const path = join(directory, `${name}.audit.log`);
  writeFileSync(policy, AUDIT_POLICY);
  return { path, apiServerFlags: [`--audit-policy-file=${policy}`, `--audit-log-path=${path}`] };
}

/** What an account was refused for want of a right, each once, as `describeRight` words it; of all accounts by default. */
export function refusedRights(logFile: string, account?: ServiceAccount): string[] {
  const refused = auditedRequests(logFile, account).filter(({ allowed }) => !allowed);
  return [...new Set(refused.map(describeRight))];
}

/**
 * The requests in an audit log, of one service account or of all. A patch that made an object counts as its creation
 * too.
 */
export function auditedRequests(logFile: string, account?: ServiceAccount): AuditedRequest[] {
  const username = account && `system:serviceaccount:${account.namespace}:${account.name}`;
  const lines = readFileSync(logFile, 'utf8')
    .split('\n')
    .filter((line) => line !== '');
  return lines.flatMap((line) => {
    const { user, verb, objectRef, responseStatus, annotations = {} } = JSON.parse(line) as AuditEvent;
    if (objectRef === undefined || (username !== undefined && user.username !== username)) return [];
    const { apiGroup = '', resource, subresource, namespace = '', name = '' } = objectRef;
    const request: AuditedRequest = {
      apiGroup,
      resource: subresource === undefined ? resource : `${resource}/${subresource}`,
      verb,
      namespace,
      name,
      status: responseStatus?.code ?? 0,
      allowed: annotations['authorization.k8s.io/decision'] === 'allow',
    };
    // The API server asks for the right to create before it lets an apply make what is not there.
    return verb === 'patch' && request.status === 201 ? [request, { ...request, verb: 'create' }] : [request];
  });
}

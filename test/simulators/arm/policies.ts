import { isJsonObject, type JsonObject, type JsonValue } from '../../../src/json.ts';
import { ArmFault } from './arm-fault.ts';
import { valueAt } from './json-path.ts';
import { type Evaluation, evaluate, parseCondition } from './policy-conditions.ts';
import { isWithin } from './resource-path.ts';

/** A policy that is assigned and denies: rule and assignment in one. */
export interface DenyPolicy {
  /** Of the assignment and of the definition, such as `allowed-locations`. */
  readonly name: string;
  /** Default: the name. */
  readonly displayName?: string;
  /** Where it holds, with all below. Default: everywhere. */
  readonly scope?: string;
  /** Scopes that are left out. */
  readonly notScopes?: readonly string[];
  /** In the language of Azure Policy: `{"if": {"field": "location", "notIn": ["westeurope"]}, "then": {"effect": "deny"}}`. */
  readonly policyRule: JsonObject;
}

/** What a write would leave behind. */
export interface PolicySubject {
  readonly id: string;
  readonly name: string;
  /** In Azure's spelling. */
  readonly type: string;
  /** The resource as the request states it, or as it would be after a PATCH. */
  readonly document: JsonObject;
}

/**
 * Reads a policy from JSON.
 *
 * @throws Error that says what is missing, or which operator of the language is not read
 */
export function parseDenyPolicy(json: JsonValue | undefined): DenyPolicy {
  const { name, displayName, scope, notScopes, policyRule } = isJsonObject(json) ? json : {};
  if (typeof name !== 'string' || !isJsonObject(policyRule)) throw new Error('A policy has a name and a policyRule.');
  if (String(valueAt(policyRule, 'then.effect')).toLowerCase() !== 'deny') {
    throw new Error('The simulator carries out policies with the effect deny alone.');
  }
  parseCondition(policyRule.if);
  return {
    name,
    policyRule,
    ...(typeof displayName === 'string' ? { displayName } : {}),
    ...(typeof scope === 'string' ? { scope } : {}),
    ...(Array.isArray(notScopes) ? { notScopes: (notScopes as readonly JsonValue[]).map(String) } : {}),
  };
}

/**
 * Refuses a write that a policy denies.
 *
 * @throws ArmFault `RequestDisallowedByPolicy`, with what the first policy found in `additionalInfo`
 */
export function checkPolicies(policies: readonly DenyPolicy[], written: PolicySubject): void {
  const subject = { ...written, type: policyType(written.type) };
  const violations = policies
    .filter((policy) => holdsAt(policy, subject.id))
    .flatMap((policy) => violation(policy, subject));
  if (violations.length === 0) return;
  const identifiers = violations.map(({ policy }) => ({
    policyAssignment: { name: titleOf(policy), id: assignmentId(policy, subject) },
    policyDefinition: { name: titleOf(policy), id: definitionId(policy, subject) },
  }));
  throw new ArmFault(
    403,
    'RequestDisallowedByPolicy',
    `Resource '${subject.name}' was disallowed by policy. Policy identifiers: '${JSON.stringify(identifiers)}'.`,
    { target: subject.name, additionalInfo: violations.map((item) => additionalInfo(item, subject)) },
  );
}

/** Policies know resource groups under the name that they have below subscriptions. */
function policyType(type: string): string {
  return type === 'Microsoft.Resources/resourceGroups' ? 'Microsoft.Resources/subscriptions/resourceGroups' : type;
}

interface Violation {
  readonly policy: DenyPolicy;
  readonly evaluations: readonly Evaluation[];
}

function holdsAt({ scope = '/', notScopes = [] }: DenyPolicy, id: string): boolean {
  return isWithin(id, scope) && !notScopes.some((left) => isWithin(id, left));
}

function violation(policy: DenyPolicy, subject: PolicySubject): Violation[] {
  const { holds, evaluations } = evaluate(parseCondition(policy.policyRule.if), subject);
  return holds ? [{ policy, evaluations }] : [];
}

function additionalInfo({ policy, evaluations }: Violation, subject: PolicySubject): JsonObject {
  return {
    type: 'PolicyViolation',
    info: {
      evaluationDetails: { evaluatedExpressions: evaluations.map((evaluation) => ({ ...evaluation })) },
      policyDefinitionId: definitionId(policy, subject),
      policyDefinitionName: policy.name,
      policyDefinitionDisplayName: titleOf(policy),
      policyDefinitionVersion: '1.0.0',
      policyDefinitionEffect: 'deny',
      policyAssignmentId: assignmentId(policy, subject),
      policyAssignmentName: policy.name,
      policyAssignmentDisplayName: titleOf(policy),
      policyAssignmentScope: assignmentScope(policy, subject),
      policyAssignmentParameters: {},
      policyExemptionIds: [],
      policyEnrollmentIds: [],
    },
  };
}

function titleOf({ name, displayName }: DenyPolicy): string {
  return displayName ?? name;
}

/** A policy that holds everywhere is shown as one of the subscription: the simulator has no management groups. */
function assignmentScope({ scope = '/' }: DenyPolicy, { id }: PolicySubject): string {
  return scope === '/' ? id.split('/').slice(0, 3).join('/') : scope;
}

function assignmentId(policy: DenyPolicy, subject: PolicySubject): string {
  return `${assignmentScope(policy, subject)}/providers/Microsoft.Authorization/policyAssignments/${policy.name}`;
}

function definitionId(policy: DenyPolicy, { id }: PolicySubject): string {
  const subscription = id.split('/').slice(0, 3).join('/');
  return `${subscription}/providers/Microsoft.Authorization/policyDefinitions/${policy.name}`;
}

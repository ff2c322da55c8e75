import type { Reason } from '../../api/v1alpha1/conditions.ts';
import { type ArmError, isPropagationOver } from '../../azure/errors.ts';

/** An error of Azure as a person should read it. */
export interface AzureProblem {
  readonly reason: Reason;
  /** `what`: Azure's innermost message (code). What to do next. */
  readonly message: string;
  /** Whether it is known to pass by itself, so that waiting is all there is to do. */
  readonly passing: boolean;
}

/**
 * Says what an error means for the gateway.
 *
 * @param what the step or resource, such as `Creating the key vault`
 * @param attempt failures in a row so far, from 1: what should have passed by then needs somebody
 */
export function describeProblem(what: string, error: ArmError, attempt = 1): AzureProblem {
  const { reason, advice, passing } = adviceFor(error, attempt);
  if (error.class === 'Throttled') {
    // Azure's own words say how many seconds are left, which would be news each time.
    return { reason, passing, message: `${what}: ${advice}` };
  }
  const cause = withoutTraces(error.message);
  const full = /[.!?]$/.test(cause) ? cause : `${cause}.`;
  return { reason, passing, message: `${what}: ${full} (${error.code}) ${advice}` };
}

const TRACE =
  /[\s,;([]*\b(?:activity|client request|correlation|operation|request|trace|tracking)[ -]?id\b[\s:='"]*[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b['")\]]*/gi;

/** Some messages name their request, which is another one at each try: a condition would change although nothing has. */
function withoutTraces(message: string): string {
  return message.replace(TRACE, '').trim();
}

/** Whether Azure had accepted the request, and the operation that it began failed. */
export function failedLater(error: ArmError): boolean {
  return error.status === 200 && error.answeredByAzure;
}

interface Advice {
  readonly reason: Reason;
  readonly advice: string;
  readonly passing: boolean;
}

/** Tries, one each ten seconds, within which a resource provider is registered: it takes about a minute. */
const REGISTRATION_TRIES = 30;

function adviceFor(error: ArmError, attempt: number): Advice {
  if (failedLater(error) && (error.class === 'Server' || error.class === 'Invalid')) {
    return {
      reason: 'OperationFailed',
      advice: 'Azure had accepted it, and it failed later. It is tried again with growing pauses.',
      passing: false,
    };
  }
  switch (error.class) {
    case 'Throttled':
      return {
        reason: 'Throttled',
        advice: 'Azure limits the requests of this subscription; the operator waits as long as Azure asks.',
        passing: true,
      };
    case 'Busy':
      return { reason: 'Provisioning', advice: 'It is tried again in a few seconds.', passing: true };
    case 'Propagation':
      return isPropagationOver(error.class, attempt)
        ? {
            reason: error.status === 403 ? 'AuthorizationFailed' : 'OperationFailed',
            advice: 'It has been so for more than ten minutes, so that somebody has to look at what Azure names.',
            passing: false,
          }
        : {
            reason: 'Provisioning',
            advice: 'What was just created is not known everywhere in Azure yet; it is tried again in a few seconds.',
            passing: true,
          };
    case 'Server':
      return {
        reason: 'AzureUnreachable',
        advice: 'Azure or the way to it failed; it is tried again with growing pauses. Nothing has to be done.',
        passing: true,
      };
    case 'ProviderNotRegistered':
      return attempt <= REGISTRATION_TRIES
        ? {
            reason: 'RegisteringProviders',
            advice: 'The operator asks Azure to register the resource provider, which takes about a minute.',
            passing: true,
          }
        : {
            reason: 'ProviderNotRegistered',
            advice:
              'The application may not register the resource provider; ask a contributor of the subscription to: az provider register --namespace <provider>.',
            passing: false,
          };
    case 'Capacity':
      return capacityAdvice(error);
    case 'NeedsAdministrator':
      return administratorAdvice(error);
    case 'NameTaken':
      return {
        reason: 'NameTaken',
        advice:
          'The first label of spec.serviceName names Azure resources world-wide; choose a service name with another one.',
        passing: false,
      };
    case 'Immutable':
      return {
        reason: 'RedeploymentRequired',
        advice:
          'Azure cannot change this in place; set it back, or have another gateway take its place: change spec.serviceName.',
        passing: false,
      };
    case 'Invalid':
      return {
        reason: 'OperationFailed',
        advice: 'Azure refuses this as it is; correct the field it names. It is tried again at each change of the CMG.',
        passing: false,
      };
    case 'NotFound':
      return { reason: 'Provisioning', advice: 'It is tried again in a few seconds.', passing: true };
    default:
      return error.class satisfies never;
  }
}

function capacityAdvice(error: ArmError): Advice {
  if (error.code === 'SkuNotAvailable') {
    return {
      reason: 'SkuNotAvailable',
      advice: 'Choose another spec.vm.size or region.',
      passing: false,
    };
  }
  if (/quota|limit/i.test(`${error.code} ${error.message}`)) {
    return {
      reason: 'QuotaExceeded',
      advice: 'Ask for more quota in the Azure portal (Quotas), or choose fewer or smaller VMs. It is tried again.',
      passing: false,
    };
  }
  return {
    reason: 'NoCapacity',
    advice: 'Azure has no room for these VMs at the moment. It is tried again; another size or region may help.',
    passing: true,
  };
}

function administratorAdvice(error: ArmError): Advice {
  if (error.code.startsWith('AADSTS') || error.status === 401) {
    return {
      reason: 'CredentialsInvalid',
      advice: 'Correct spec.azure.credentials or the Secret that it names.',
      passing: false,
    };
  }
  if (error.code === 'SubscriptionNotFound') {
    return {
      reason: 'SubscriptionNotFound',
      advice: 'Check spec.azure.subscriptionId, and that the application has a role in it.',
      passing: false,
    };
  }
  return {
    reason: 'AuthorizationFailed',
    advice: 'Give the application the missing right (docs/azure-permissions.md lists all), or lift the policy or lock.',
    passing: false,
  };
}

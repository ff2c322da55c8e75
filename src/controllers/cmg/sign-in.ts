import { principalId } from '../../azure/credentials.ts';
import { ArmError, retryDelayAfter } from '../../azure/errors.ts';
import type { AzureSession } from './azure-access.ts';
import { describeProblem } from './azure-problem.ts';
import type { StoredCredentials } from './credentials.ts';
import { expiredNote } from './credentials-expiry.ts';
import { goOn, halt, SLOW_RETRY_MS, type StepResult } from './finding.ts';
import type { CommonScope } from './scope.ts';

/** Azure, and as whom it is used. */
export interface SignedIn {
  readonly session: AzureSession;
  /** Object id of the operator's identity. */
  readonly principalId: string;
}

/** Step 3: Microsoft Entra ID takes the credentials. */
export async function signIn(
  scope: CommonScope,
  { credentials, expiry }: StoredCredentials,
): Promise<StepResult<SignedIn>> {
  const { environment, subscriptionId } = scope.cmg.spec.azure;
  const { memory, random } = scope;
  const session = scope.azure.connect(environment, subscriptionId, credentials);
  if (memory.credential !== session.credential) {
    memory.failures.clear();
    memory.instancesUnread = undefined;
    memory.credential = session.credential;
  }
  try {
    return goOn({ session, principalId: await principalId(session.arm.cloud, session.credential) });
  } catch (error) {
    if (!(error instanceof ArmError)) {
      throw error;
    }
    const { reason, message, passing } = describeProblem('Signing in to Azure', error);
    memory.accessAttempts += 1;
    const retryAfterMs = passing ? retryDelayAfter(error, memory.accessAttempts, random) : SLOW_RETRY_MS;
    return halt(retryAfterMs, {
      type: 'PrerequisitesMet',
      status: passing ? 'Unknown' : 'False',
      reason,
      message: `${message}${passing ? '' : expiredNote(expiry, scope.clock.now())}`,
    });
  }
}

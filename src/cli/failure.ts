import { ApiConnectionError, ApiError, isForbidden, isNotFound, isUnauthorized } from '../runtime/api-error.ts';

/** Why the program cannot do what it was asked to, in words for the person who asked. */
export class Failure extends Error {
  override readonly name = 'Failure';
}

const RIGHTS =
  'It takes the rights get and patch on cmgs.configmgr.io in the namespace, and create for a CMG that is not there yet. Nothing is written: the API server asks for the rights of the real change also for a dry run.';

/**
 * What the failure of a request means to the person who asked. An error that is none of the API server's or of the way to it
 * is a mistake in the program, and is given back as it is.
 *
 * @param namespace in which the CMG was asked for
 */
export function explained(error: unknown, namespace: string): unknown {
  if (isUnauthorized(error)) {
    return new Failure(
      `The API server does not know who asks. Sign in anew, or choose another --context. ${error.message}`,
    );
  }
  if (isForbidden(error)) {
    return new Failure(`${error.message}. ${RIGHTS}`);
  }
  if (isNotFound(error)) {
    return new Failure(
      error.details?.kind === 'namespaces'
        ? `There is no namespace ${namespace}.`
        : 'The cluster does not know the kind CMG (configmgr.io/v1alpha1). Install the definitions of cmg-operator, or choose another --context.',
    );
  }
  return error instanceof ApiError || error instanceof ApiConnectionError ? new Failure(error.message) : error;
}

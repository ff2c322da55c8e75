import { ArmError, errorFromNetwork } from './errors.ts';

/** Which credential a token was asked for. */
interface Requester {
  readonly type: 'WorkloadIdentity' | 'ClientSecret' | 'ClientCertificate';
  readonly clientId: string;
  readonly tenantId: string;
}

/**
 * What `@azure/identity` throws, as an `ArmError`: a refusal by Entra keeps its AADSTS code and first line and needs an
 * administrator; an authority that does not answer is a failure of the network.
 */
export function errorFromTokenRequest(error: unknown, authorityHost: string, requester: Requester): unknown {
  if (!(error instanceof Error) || error instanceof ArmError || error.name === 'AbortError') {
    return error;
  }
  const text = chain(error);
  const refusal = /\b(AADSTS\d+)\b:?\s*([^\r\n]*)/.exec(text);
  if (refusal?.[1] !== undefined) {
    return new ArmError({
      status: statusOf(error),
      code: refusal[1],
      message: `${refusal[1]}: ${firstLine(refusal[2] ?? '')}`,
      class: 'NeedsAdministrator',
      target: `${requester.tenantId}/${requester.clientId}`,
      answeredByAzure: true,
    });
  }
  return networkFailure(error)
    ? errorFromNetwork(error, new URL(authorityHost).host)
    : new ArmError({
        status: statusOf(error),
        code: 'CredentialUnusable',
        message: `The ${requester.type} credential of ${requester.clientId} cannot be used: ${firstLine(error.message)}`,
        class: 'NeedsAdministrator',
      });
}

function chain(error: Error): string {
  const messages: string[] = [];
  for (let each: unknown = error; each instanceof Error && messages.length < 5; each = each.cause) {
    messages.push(each.message);
  }
  return messages.join('\n');
}

/** Entra appends trace and correlation ids and the time, each on its own line or behind the sentence. */
function firstLine(text: string): string {
  return (text.split(/\r?\n/)[0] ?? '').replace(/\s*Trace ID:.*$/i, '').trim();
}

function statusOf(error: Error): number {
  for (let each: unknown = error; each instanceof Error; each = each.cause) {
    if ('statusCode' in each && typeof each.statusCode === 'number') {
      return each.statusCode;
    }
  }
  return 0;
}

function networkFailure(error: Error): boolean {
  return /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EHOSTUNREACH|network_error|endpoints_resolution_error/i.test(
    `${chain(error)} ${'code' in error ? String(error.code) : ''}`,
  );
}

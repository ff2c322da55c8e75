import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** An error as blob storage answers it. */
export interface BlobError {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** No token, or one that is no good; names the place to get one. */
export function unauthenticated(origin: string, tenantId: string, kind: 'Missing' | 'Refused'): BlobError {
  const challenge = `Bearer authorization_uri=${origin}/${tenantId}/oauth2/authorize resource_id=https://storage.azure.com`;
  return {
    status: 401,
    code: kind === 'Missing' ? 'NoAuthenticationInformation' : 'InvalidAuthenticationInfo',
    message:
      'Server failed to authenticate the request. Please refer to the information in the www-authenticate header.',
    headers: { 'WWW-Authenticate': challenge },
  };
}

export function containerNotFound(): BlobError {
  return { status: 404, code: 'ContainerNotFound', message: 'The specified container does not exist.' };
}

export function unavailable(): BlobError {
  return { status: 503, code: 'ServerBusy', message: 'The server is currently unable to receive requests.' };
}

/** Answers with an error. */
export function refuse(incoming: IncomingMessage, response: ServerResponse, error: BlobError): undefined {
  // What the client still sends is of no interest, but has to be taken before it reads the answer.
  incoming.resume();
  const text = `<?xml version="1.0" encoding="utf-8"?><Error><Code>${error.code}</Code><Message>${error.message}</Message></Error>`;
  response.writeHead(error.status, {
    ...error.headers,
    'Content-Type': 'application/xml',
    'Content-Length': Buffer.byteLength(text),
    'x-ms-error-code': error.code,
    'x-ms-request-id': randomUUID(),
  });
  response.end(incoming.method === 'HEAD' ? undefined : text);
  return undefined;
}

import { createRemoteJWKSet, jwtVerify } from 'jose';
import type { Decision } from './serve.ts';
import type { Settings } from './settings.ts';

/** Lets in who has a token of the tenant, made out for the site's server application by its client application. */
export async function admitToken(entra: Settings['entra'], authorization: string | undefined): Promise<Decision> {
  if (entra === undefined) return { kind: 'Refused', why: 'This gateway takes no tokens.' };
  const token = /^Bearer\s+(\S+)$/i.exec(authorization ?? '')?.[1];
  if (token === undefined) return { kind: 'Refused', why: 'A bearer token is missing.' };
  const { tenantId, serverAppId, clientAppId, authorityHost = 'https://login.microsoftonline.com' } = entra;
  const tenant = `${authorityHost}/${tenantId}`;
  try {
    const { payload } = await jwtVerify(token, keysOf(tenant), {
      issuer: [`https://sts.windows.net/${tenantId}/`, `${tenant}/v2.0`],
      audience: [serverAppId, `api://${serverAppId}`],
      algorithms: ['RS256'],
    });
    const application = payload.appid ?? payload.azp;
    return application === clientAppId
      ? { kind: 'Admitted', as: String(payload.oid ?? payload.sub) }
      : { kind: 'Refused', why: 'The token was asked for by another application than the client application.' };
  } catch (error) {
    return { kind: 'Refused', why: `The token is not good: ${(error as Error).message}.` };
  }
}

const keySets = new Map<string, ReturnType<typeof createRemoteJWKSet>>();

/** @param tenant address of the tenant at its authority */
function keysOf(tenant: string): ReturnType<typeof createRemoteJWKSet> {
  const known = keySets.get(tenant) ?? createRemoteJWKSet(new URL(`${tenant}/discovery/v2.0/keys`));
  keySets.set(tenant, known);
  return known;
}

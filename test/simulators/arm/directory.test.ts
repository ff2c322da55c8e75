import { expect, test } from 'vitest';
import { answerDirectory } from './directory.ts';
import type { Answer } from './exchange.ts';
import { createInProcessAzure } from './providers/in-process-azure.ts';

const PRINCIPAL = {
  objectId: '79632fa0-9922-4407-afa7-0a0cf2ae9969',
  appId: 'cd6cb32e-6f8a-41ca-810c-c35b0304e56a',
  displayName: 'gateway',
  createdAt: 0,
};

const { world } = createInProcessAzure();
world.principals.set(PRINCIPAL.objectId, PRINCIPAL);

function ask(method: string, path: string, text = ''): Answer | undefined {
  const { pathname, searchParams } = new URL(path, 'https://graph.example');
  return answerDirectory(world, { method, path: pathname, query: searchParams, headers: {}, origin: '', text });
}

const named = (name: string) =>
  `/graph/v1.0/servicePrincipals?$filter=${encodeURIComponent(`servicePrincipalNames/any(c:c eq '${name}')`)}`;

test('says who principals are', () => {
  const answer = ask('POST', '/graph/v1.0/directoryObjects/getByIds', `{"ids":["${PRINCIPAL.objectId}","x"]}`);
  expect(answer?.body).toMatchObject({ value: [{ id: PRINCIPAL.objectId, displayName: 'gateway' }] });
});

test('finds the principal of an application', () => {
  expect(ask('GET', named(PRINCIPAL.appId))?.body).toMatchObject({
    value: [{ id: PRINCIPAL.objectId, servicePrincipalNames: [PRINCIPAL.appId] }],
  });
  expect(ask('GET', named(PRINCIPAL.objectId))?.body).toEqual({ value: [] });
});

test('answers nothing else', () => {
  expect(ask('GET', '/graph/v1.0/servicePrincipals')).toBeUndefined();
  expect(ask('GET', '/graph/v1.0/users')).toBeUndefined();
});

// Accepts SPNEGO tokens with the keytab that the environment names: Kerberos takes its settings from the process.
import { createRequire } from 'node:module';

interface KerberosServer {
  readonly username: string;
  readonly response: string | null;
  step(token: string): Promise<unknown>;
}

const [, , nativeModule = '', service = ''] = process.argv;
const kerberos: { initializeServer(service: string): Promise<KerberosServer> } = createRequire(import.meta.url)(
  nativeModule,
);

process.on('message', ({ id, token }: { readonly id: number; readonly token: string }) => {
  accept(token).then(
    (accepted) => process.send?.({ id, ...accepted }),
    (error: unknown) => process.send?.({ id, refusal: error instanceof Error ? error.message : String(error) }),
  );
});

async function accept(token: string) {
  const server = await kerberos.initializeServer(service);
  await server.step(token);
  return { principal: server.username, reply: server.response };
}

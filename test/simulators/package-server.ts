import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { IssuedCertificate } from '../certificate-authority.ts';

/** A service package as a CMG names it. */
export interface OfferedPackage {
  readonly url: string;
  /** SHA-256 of the package in lower-case hexadecimal digits. */
  readonly sha256: string;
}

/** A web server that offers service packages, as an administrator's file share would; the usual one by its own fields. */
export interface PackageServer extends OfferedPackage {
  /** Offers a further package as `/<name>.zip`. */
  offer(name: string, content: Uint8Array): OfferedPackage;
  /** How often packages have been downloaded to their end. */
  downloads(): number;
  close(): Promise<void>;
}

/** Starts a server on 127.0.0.1 that serves `content` at `/cmg-service-package.zip`, asking for `authorization` if given. */
export async function startPackageServer(options: {
  readonly certificate: IssuedCertificate;
  readonly content: Uint8Array;
  readonly authorization?: string;
}): Promise<PackageServer> {
  let downloads = 0;
  const contents = new Map([['/cmg-service-package.zip', options.content]]);
  const server = createServer(
    { cert: options.certificate.chainPem, key: options.certificate.privateKeyPem },
    (request, response) => {
      const content = contents.get(request.url ?? '');
      if (options.authorization !== undefined && request.headers.authorization !== options.authorization) {
        response.writeHead(401).end();
      } else if (content === undefined) {
        response.writeHead(404).end();
      } else {
        response.writeHead(200, {
          'Content-Type': 'application/zip',
          'Content-Length': content.byteLength,
        });
        response.end(content, () => {
          downloads += 1;
        });
      }
    },
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const offered = (path: string, content: Uint8Array): OfferedPackage => ({
    url: `https://127.0.0.1:${port}${path}`,
    sha256: createHash('sha256').update(content).digest('hex'),
  });
  return {
    ...offered('/cmg-service-package.zip', options.content),
    offer: (name, content) => {
      contents.set(`/${name}.zip`, content);
      return offered(`/${name}.zip`, content);
    },
    downloads: () => downloads,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

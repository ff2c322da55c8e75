import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { IssuedCertificate } from '../certificate-authority.ts';

/** A web server that offers one service package, as an administrator's file share would. */
export interface PackageServer {
  readonly url: string;
  /** SHA-256 of the package in lower-case hexadecimal digits. */
  readonly sha256: string;
  /** How often the package has been downloaded to its end. */
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
  const server = createServer(
    { cert: options.certificate.chainPem, key: options.certificate.privateKeyPem },
    (request, response) => {
      if (options.authorization !== undefined && request.headers.authorization !== options.authorization) {
        response.writeHead(401).end();
      } else if (request.url !== '/cmg-service-package.zip') {
        response.writeHead(404).end();
      } else {
        response.writeHead(200, {
          'Content-Type': 'application/zip',
          'Content-Length': options.content.byteLength,
        });
        response.end(options.content, () => {
          downloads += 1;
        });
      }
    },
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `https://127.0.0.1:${port}/cmg-service-package.zip`,
    sha256: createHash('sha256').update(options.content).digest('hex'),
    downloads: () => downloads,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

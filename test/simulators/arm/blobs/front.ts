import type { IncomingMessage, ServerResponse } from 'node:http';
import type { IssuedCertificate } from '../../../certificate-authority.ts';
import type { Entra } from '../entra.ts';
import type { WorldState } from '../world-state.ts';

export interface BlobFront {
  follow(world: WorldState): void;
  exists(url: string): boolean;
  stream(incoming: IncomingMessage, response: ServerResponse): Promise<void>;
  close(): Promise<void>;
}
export async function createBlobFront(_parts: {
  readonly entra: Entra;
  readonly certificate: IssuedCertificate;
  readonly caPem: string;
}): Promise<BlobFront> {
  throw new Error('not yet');
}

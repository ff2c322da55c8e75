import { readFileSync } from 'node:fs';

/** What the setup is told: docs/gateway-settings.md. The package reads the document by itself, as any other would. */
export interface Settings {
  readonly serviceName: string;
  readonly certificateThumbprintSha256: string;
  readonly ports: { readonly clients: number; readonly connectionPoints: number };
  readonly tls: { readonly minimumVersion: '1.0' | '1.2' };
  readonly clientAuthentication: {
    /** DER in base64. */
    readonly trustedCertificates: readonly string[];
    readonly verifyRevocation: boolean;
  };
  readonly content: { readonly enabled: boolean };
  readonly entra?: {
    readonly tenantId: string;
    readonly serverAppId: string;
    readonly clientAppId: string;
    readonly authorityHost?: string;
  };
}

/**
 * Reads the settings.
 *
 * @throws Error with a sentence for people when they are not what they should be
 */
export function readSettings(path: string): Settings {
  let read: unknown;
  try {
    read = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new Error(`The settings in ${path} cannot be read: ${(error as Error).message}.`);
  }
  const settings = read as Settings;
  const problem = [
    [typeof settings.serviceName === 'string', 'serviceName must be a text'],
    [/^[0-9a-f]{64}$/.test(settings.certificateThumbprintSha256), 'certificateThumbprintSha256 must be a SHA-256'],
    [isPort(settings.ports?.clients) && isPort(settings.ports?.connectionPoints), 'ports must be numbers of ports'],
    [['1.0', '1.2'].includes(settings.tls?.minimumVersion), 'tls.minimumVersion must be 1.0 or 1.2'],
    [
      Array.isArray(settings.clientAuthentication?.trustedCertificates) &&
        typeof settings.clientAuthentication.verifyRevocation === 'boolean',
      'clientAuthentication must hold trustedCertificates and verifyRevocation',
    ],
    [typeof settings.content?.enabled === 'boolean', 'content.enabled must be true or false'],
  ].find(([holds]) => holds !== true);
  if (problem !== undefined) throw new Error(`The settings in ${path} are wrong: ${problem[1]}.`);
  return settings;
}

function isPort(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) > 0 && Number(value) < 65_536;
}

import { X509Certificate } from 'node:crypto';
import type { CMGStatusDeployment } from '../../api/v1alpha1/cmg.generated.ts';
import type { GatewayDeployment } from '../../gateway/deployment.ts';
import { isRenewalDue, missingAuthorities, renewedAsKept, settingsHashOf } from '../../gateway/kept-gateway.ts';
import { toTimestamp } from '../../runtime/conditions.ts';
import type { Scope } from './scope.ts';
import type { Round } from './write-round.ts';

/** What a gateway that is only kept up gets. */
export interface KeptWork {
  /** The gateway with its renewed certificate, which its VMs do not have yet; `undefined`: there is none to be brought. */
  readonly renewed: GatewayDeployment | undefined;
  /** Whether the record tells that a certificate is brought to the VMs: nothing else is rolled out to them. */
  readonly isRecorded: boolean;
  /** SHA-256 of the certificate that the VMs are to present. */
  readonly presents: string;
  readonly remarks: readonly string[];
}

/** `undefined`: the gateway is made what the spec says. */
export function keptWork({ scope, deployment, record, observed }: Round): KeptWork | undefined {
  if (scope.upkeep !== 'KeepServing') {
    return undefined;
  }
  const { resources } = observed;
  const last = scope.memory.keptSettings;
  const kept = last?.sha256 === settingsHashOf(resources) ? last?.kept : undefined;
  const isDue = isRenewalDue(resources);
  const isRecorded = record.rollout?.brings === 'Certificate';
  if (kept === undefined) {
    return {
      renewed: undefined,
      isRecorded,
      presents: deployment.certificate.sha256Fingerprint,
      remarks: isDue ? [UNREADABLE] : [],
    };
  }
  const missing = missingAuthorities(deployment, kept);
  return {
    renewed: isDue ? renewedAsKept(deployment, kept) : undefined,
    isRecorded,
    presents: kept.settings.certificateThumbprintSha256,
    remarks: isDue || missing.length === 0 ? [] : [unknownAuthorities(missing)],
  };
}

const UNREADABLE =
  'Its renewed certificate is in its key vault and not brought to its VMs: the settings that they were given cannot be read from its storage account, or are not there any more.';

/** As many authorities as a message names. */
const MOST_NAMED = 3;

function unknownAuthorities(missing: readonly string[]): string {
  const names = missing.slice(0, MOST_NAMED).map((der) => nameOf(Buffer.from(der, 'base64')));
  const others = missing.length > MOST_NAMED ? ' and others' : '';
  return `It does not know the authority ${names.join(', ')}${others}, which spec.clientAuthentication names since: its VMs are not brought to another model for that, and get it with the next renewed certificate. Until then clients with such a certificate connect through the new gateway.`;
}

function nameOf(der: Buffer): string {
  const [commonName = ''] = /(?<=^CN=).{1,64}/m.exec(new X509Certificate(der).subject) ?? [];
  return `"${commonName}"`;
}

/** That a certificate is brought to the VMs is written down before it is. */
export function withRenewalBegun(
  { clock }: Scope,
  record: CMGStatusDeployment,
  kept: KeptWork | undefined,
): CMGStatusDeployment {
  return kept?.renewed === undefined || kept.isRecorded
    ? record
    : { ...record, rollout: { startedAt: toTimestamp(clock.now()), ...record.rollout, brings: 'Certificate' } };
}

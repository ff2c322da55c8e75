import { setTimeout as pause } from 'node:timers/promises';
import { createCertificateAuthority } from '../../certificate-authority.ts';
import { startArmSimulator } from '../arm/simulator.ts';
import { packageArchive } from './package-archive.ts';
import type { PackageVariant } from './package-variants.ts';
import { makeSampleGateway } from './sample-gateway.ts';

/** What the program tells as one line of JSON: process ids of VMs that serve, and of one that is at its setup. */
export interface ProgramReport {
  readonly serving: readonly number[];
  readonly settingUp: readonly number[];
}

/** A simulator with two gateways, which stays up until it is killed. */
const authority = await createCertificateAuthority();
const azure = await startArmSimulator({ gateways: true });
const make = async (prefix: string, instances: number, variant: PackageVariant) =>
  makeSampleGateway(azure, {
    certificate: await authority.issue({ commonName: `${prefix}.contoso.com` }),
    package: await packageArchive(variant),
    changes: { prefix, instances, resourceGroup: { name: `rg-${prefix}`, mode: 'Create' } },
  });
const [serving, settingUp] = [await make('contoso', 2, 'Reference'), await make('fabrikam', 1, 'Hanging')];
const pidsOf = (scaleSetId: string) => [...azure.gateways.processes(scaleSetId).values()].flat();
const serves = () => serving.views().every((view) => JSON.stringify(view.vmHealth).includes('HealthState/healthy'));
while (!serves() || pidsOf(settingUp.scaleSetId).length === 0) await pause(20);

const report: ProgramReport = { serving: pidsOf(serving.scaleSetId), settingUp: pidsOf(settingUp.scaleSetId) };
console.log(JSON.stringify(report));

import type { CMG, CMGSpec, CMGStatusDeployment } from '../../src/api/v1alpha1/cmg.generated.ts';
import { CMG_KIND, FIELD_MANAGER } from '../../src/controllers/cmg/kind.ts';
import { CONSENT_ANNOTATIONS } from '../../src/redeployment/consent-command.ts';
import { findCondition } from '../../src/runtime/conditions.ts';
import { startLives } from '../faults/life-options.ts';
import { createFaultStage, type FaultStage, type FaultStageOptions, GATEWAY, NAMESPACE } from '../faults/stage.ts';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** The operator comes to a CMG so rarely where nothing but time is to go by: less than the gap that a wait outlasts. */
const RARELY = 50 * MINUTE;

/** What changes in a spec. */
export type Change = (spec: CMGSpec) => CMGSpec;

/** A gateway that is redeployed, and what of it Azure and Kubernetes show. */
export interface RedeploymentStage extends FaultStage {
  /** Changes the spec of the gateway. */
  change(...changes: readonly Change[]): void;
  /** Waits until the gateway is made as declared. */
  ready(...changes: readonly Change[]): Promise<void>;
  /** The deployments of the status. */
  deployments(): readonly CMGStatusDeployment[];
  /** Such as `contoso Superseded`. */
  phases(): readonly string[];
  idOf(serviceName: string): string;
  reason(type: string): string | undefined;
  message(type: string): string;
  /** The scale sets that exist in Azure: which gateways there are. With the region, where several are told apart by it. */
  gateways(): readonly string[];
  /** Resource groups that exist. */
  groups(): readonly string[];
  /** Writes that Azure accepted since the stage was set up, such as `DELETE /subscriptions/…`. */
  writes(method?: string): readonly string[];
  /** Sets annotations of the CMG, in the place of those that it had. */
  annotate(annotations: Readonly<Record<string, string>>): void;
  /** A person consents, after having taken away every consent of before. */
  consent(kind: 'outage' | 'retire', id: string): Promise<void>;
  /** As after a restore, which brings back everything of an object but its status. The operator has ended then. */
  loseStatus(): Promise<void>;
  /** Lets time go by in long steps, after each of which what is due is done once. */
  letPass(ms: number): Promise<void>;
}

export type Lives = Awaited<ReturnType<typeof startLives>>;

/** What the tests of one file share. Every gateway takes the same certificate. */
export async function startRedeploymentLives(): Promise<Lives> {
  const started = await startLives();
  return { ...started, certificate: await started.world.authority.issue({ commonName: '*.contoso.com' }) };
}

export interface RedeploymentStageOptions extends Partial<FaultStageOptions> {
  /** Whether Azure has been emptied already, and is to fail as it has been told since. Default: no. */
  readonly keepsFaults?: boolean;
}

/** An Azure in which nothing exists, and an empty cluster. */
export function createRedeploymentStage(lives: Lives, options: RedeploymentStageOptions = {}): RedeploymentStage {
  const { keepsFaults = false, ...rest } = options;
  if (!keepsFaults) lives.world.azure.control.reset();
  return watch(createFaultStage({ ...lives, ...rest }), lives);
}

/** Another empty cluster for the same Azure, and its operator. */
export function anotherCluster(lives: Lives, options: Partial<FaultStageOptions> = {}): RedeploymentStage {
  return watch(createFaultStage({ ...lives, now: lives.clock.now(), ...options }), lives);
}

function watch(stage: FaultStage, { world, clock }: Lives): RedeploymentStage {
  const { control } = world.azure;
  control.settings.durationFactor = 0.05;
  const present = (): CMG => {
    const found = stage.cmg();
    if (found === undefined) throw new Error('The CMG is gone.');
    return found;
  };
  const deployments = () => present().status?.deployments ?? [];
  const condition = (type: string) => findCondition(present().status?.conditions, type);
  const ofType = (type: RegExp) => control.state().filter((each) => type.test(String(each.type)));
  const change = (...changes: readonly Change[]) =>
    stage.apply(GATEWAY, (spec) => changes.reduce((changed, each) => each(changed), spec));
  const annotate: RedeploymentStage['annotate'] = (annotations) => {
    const { spec } = present();
    stage.kubernetes.put(CMG_KIND, { metadata: { namespace: NAMESPACE, name: GATEWAY, annotations }, spec });
  };
  const letPass: RedeploymentStage['letPass'] = async (ms) => {
    for (let left = ms; left > 0; left -= RARELY) {
      await clock.advance(Math.min(left, RARELY));
      await stage.operator.runFor(0);
      while (!stage.operator.isAlive) await stage.restart().runFor(0);
    }
  };
  const own = {
    change,
    ready: async (...changes: readonly Change[]) => {
      change(...changes);
      await stage.runUntil(stage.isSettled);
    },
    deployments,
    phases: () => deployments().map(({ serviceName, phase }) => `${serviceName.split('.')[0]} ${phase}`),
    idOf: (serviceName: string) => deployments().find((each) => each.serviceName === serviceName)?.id ?? '',
    reason: (type: string) => condition(type)?.reason,
    message: (type: string) => condition(type)?.message ?? '',
    gateways: () =>
      ofType(/virtualMachineScaleSets$/i)
        .map(({ name, location }) => `${name} ${location}`)
        .toSorted(),
    groups: () =>
      ofType(/resourceGroups$/i)
        .map(({ name }) => String(name))
        .toSorted(),
    writes: (method = '') =>
      control.writes.map((write) => `${write.method} ${write.path}`).filter((write) => write.startsWith(method)),
    annotate,
    consent: async (kind: 'outage' | 'retire', id: string) => {
      annotate({});
      await stage.operator.runFor(5 * MINUTE);
      annotate({ [kind === 'outage' ? CONSENT_ANNOTATIONS.AllowClientOutage : CONSENT_ANNOTATIONS.ConfirmRetire]: id });
    },
    loseStatus: async () => {
      stage.operator.kill();
      const applied = { metadata: { namespace: NAMESPACE, name: GATEWAY }, status: {} };
      const options = { fieldManager: FIELD_MANAGER, force: true, signal: AbortSignal.timeout(60_000) };
      await stage.kubernetes.client.applyStatus(CMG_KIND, applied, options);
    },
    letPass,
  };
  // As they are: which operator is at work changes.
  return Object.defineProperties(own, Object.getOwnPropertyDescriptors(stage)) as typeof own & FaultStage;
}

export const timeOnly: Change = (spec) => ({
  ...spec,
  redeployment: { ...spec.redeployment, evidence: 'TimeOnly' },
});

/** Another service name. */
export function named(serviceName: string): Change {
  return (spec) => ({ ...spec, serviceName });
}

/** Another region, and another resource group where one is named. */
export function placedIn(region: string, group?: string): Change {
  return (spec) => ({
    ...spec,
    azure: {
      ...spec.azure,
      region,
      resourceGroup: { ...spec.azure.resourceGroup, ...(group === undefined ? {} : { name: group }) },
    },
  });
}

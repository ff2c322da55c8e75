import type { CMG, CMGStatusDeployment, CMGStatusRedeployment } from '../../src/api/v1alpha1/cmg.generated.ts';
import { watchCmgs } from '../cluster/watched-cmgs.ts';
import { type ClientsNow, clientsOf, describeRedeployment } from './redeployment-lines.ts';
import type { Scene } from './scene.ts';
import type { Screen } from './screen.ts';
import { placeOnSite } from './site.ts';

const HOUR_MS = 3_600_000;

/** Sees every version of the CMG while its gateway is replaced, and shows it. */
export interface Onlooker {
  /** The newest version. */
  cmg(): CMG;
  /** Stage of the gateway that is replaced; `undefined` when there is none any more. */
  phaseOfEarlier(): CMGStatusDeployment['phase'] | undefined;
  /** Whole hours since the new gateway was advertised; `undefined` before. */
  hour(): number | undefined;
  /** Looks at the clients, and shows how everything is. @param when default: the hour since the new gateway was advertised */
  look(when?: string): ClientsNow;
  /** What the status has said so far of going back, in the order in which it came to it. */
  readonly rollbacks: readonly CMGStatusRedeployment['rollback'][];
  close(): Promise<void>;
}

/** Begins to look on. The first version comes at once. */
export async function lookOn(
  screen: Screen,
  { connection, site, clock, earlier, later, declared }: Scene,
): Promise<Onlooker> {
  const { name, namespace } = declared.metadata;
  const first = Promise.withResolvers<void>();
  const rollbacks: CMGStatusRedeployment['rollback'][] = [];
  let present: CMG | undefined;
  let clients = clientsOf(site.control.fleet, 'at first');
  const cmg = () => {
    if (present === undefined) {
      throw new Error('No version of the CMG has come yet.');
    }
    return present;
  };
  const deploymentOf = (serviceName: string) =>
    cmg().status?.deployments?.find((deployment) => deployment.serviceName === serviceName);
  const hour = () => {
    const since = deploymentOf(later.serviceName)?.advertised?.since;
    return since === undefined ? undefined : Math.floor((clock.now() - Date.parse(since)) / HOUR_MS);
  };
  const show = () =>
    screen.show(
      describeRedeployment({ cmg: cmg(), clients, onSite: (serviceName) => placeOnSite(site.control, serviceName) }),
    );
  const watch = await watchCmgs(connection, namespace, (version) => {
    if (version.metadata.name !== name) {
      return;
    }
    present = version;
    const rollback = version.status?.redeployment?.rollback;
    if (rollback !== undefined && rollback !== rollbacks.at(-1)) {
      rollbacks.push(rollback);
    }
    show();
    first.resolve();
  });
  await first.promise;
  return {
    cmg,
    phaseOfEarlier: () => deploymentOf(earlier.serviceName)?.phase,
    hour,
    look: (when) => {
      const hours = hour();
      clients = clientsOf(site.control.fleet, when ?? (hours === undefined ? 'now' : `hour ${hours}`));
      show();
      return clients;
    },
    rollbacks,
    close: watch.close,
  };
}

import type { JsonObject } from '../../../../src/json.ts';
import { SiteFault } from '../exchange.ts';
import { rowsOf, type SimulatedClass } from '../simulated-class.ts';
import { nalPathOf, type Service, type SiteWorld, STATE } from '../world.ts';

/** The site's records of gateways, with one of another service that is no gateway. */
export function azureServiceClass(world: SiteWorld): SimulatedClass {
  const serviceOf = (id: unknown): Service => {
    const found = world.services.get(Number(id));
    if (found === undefined) throw new SiteFault(404, `There is no service ${String(id)}.`);
    return found;
  };
  return {
    name: 'SMS_AzureService',
    key: ['AzureServiceID'],
    rows: () => rowsOf([CONTENT_SERVICE, ...[...world.services.values()].map(rowOf)]),
    create: (body) => {
      if (world.settings.registration === 'Refused') {
        throw new SiteFault(500, 'The SMS Provider reported an error: 2147749889.');
      }
      const name = textIn(body, 'ServiceCName');
      if (world.serviceCalled(name) !== undefined) throw new SiteFault(409, `There is a service ${name} already.`);
      return rowOf(addService(world, registrationIn(body)));
    },
    remove: ({ AzureServiceID }) => deleteService(world, serviceOf(AzureServiceID)),
    staticMethods: {
      Start: ({ AzureServiceID }) => {
        const service = serviceOf(AzureServiceID);
        if (service.state !== STATE.stopped) throw new SiteFault(500, 'The service is not stopped.');
        enter(world, service, STATE.starting, world.settings.startSeconds, STATE.ready);
        return { ReturnValue: 0 };
      },
      Stop: ({ AzureServiceID }) => {
        const service = serviceOf(AzureServiceID);
        if (service.state !== STATE.ready) throw new SiteFault(500, 'The service does not run.');
        enter(world, service, STATE.stopping, world.settings.stopSeconds, STATE.stopped);
        return { ReturnValue: 0 };
      },
    },
  };
}

/** What a record begins with; the state is `Provisioning`. */
export type ServiceInit = Pick<Service, 'serviceName'> &
  Partial<
    Pick<
      Service,
      | 'siteCode'
      | 'description'
      | 'deploymentName'
      | 'region'
      | 'subscriptionId'
      | 'resourceGroup'
      | 'thumbprint'
      | 'instances'
    >
  >;

/** Adds a record, which is ready after the settings' time. */
export function addService(world: SiteWorld, init: ServiceInit): Service {
  const siteCode = init.siteCode ?? world.sites[0]?.siteCode ?? '';
  const service: Service = {
    description: '',
    deploymentName: '',
    region: 'West Europe',
    subscriptionId: '00000000-0000-4000-8000-000000000001',
    resourceGroup: 'cmg',
    thumbprint: '',
    instances: 1,
    ...init,
    siteCode,
    id: world.nextId(),
    nalPath: nalPathOf(siteCode, init.serviceName),
    state: STATE.provisioning,
    since: world.clock.now(),
  };
  world.services.set(service.id, service);
  enter(world, service, STATE.provisioning, world.settings.provisionSeconds, STATE.ready);
  return service;
}

/** Deletes a gateway as the site does: it takes its time, and then the record is gone. */
export function deleteService(world: SiteWorld, service: Service): void {
  setState(world, service, STATE.deleting);
  later(world, world.settings.deleteSeconds, () => {
    world.settle();
    world.services.delete(service.id);
    world.content.forget(service.nalPath);
    if (!world.settings.deleteRemovesMembers) return;
    for (const { members } of world.boundaryGroups.values()) members.delete(service.nalPath);
  });
}

/** Puts a record into a state; known or not. */
export function setState(world: SiteWorld, service: Service, state: number): void {
  world.settle();
  service.state = state;
  service.since = world.clock.now();
}

function enter(world: SiteWorld, service: Service, state: number, seconds: number, then: number): void {
  setState(world, service, state);
  const enteredAt = service.since;
  later(world, seconds, () => {
    if (service.state === state && service.since === enteredAt) setState(world, service, then);
  });
}

function later(world: SiteWorld, seconds: number, what: () => void): void {
  if (seconds === 0) what();
  else world.clock.schedule(seconds * 1000, what);
}

function textIn(body: JsonObject, name: string): string {
  const value = body[name];
  if (typeof value !== 'string' || value === '') throw new SiteFault(400, `The property ${name} is missing.`);
  return value;
}

function registrationIn(body: JsonObject): ServiceInit {
  if (body.ServiceType !== 'CloudProxyService') throw new SiteFault(400, 'Only gateways can be registered.');
  return {
    serviceName: textIn(body, 'ServiceCName'),
    siteCode: textIn(body, 'SiteCode'),
    deploymentName: textIn(body, 'Fqdn'),
    region: textIn(body, 'Region'),
    subscriptionId: textIn(body, 'SubscriptionID'),
    resourceGroup: textIn(body, 'AffinityGroup'),
    description: String(body.Description ?? ''),
    thumbprint: String(body.ServiceThumbprint ?? ''),
    instances: Number(body.NumberOfInstances ?? 1),
  };
}

function rowOf(service: Service): JsonObject {
  return {
    AzureServiceID: service.id,
    AffinityGroup: service.resourceGroup,
    AzureEnvironmentId: 1,
    DeploymentSlot: 'Production',
    Description: service.description,
    Fqdn: service.deploymentName,
    NALPath: service.nalPath,
    Name: service.serviceName,
    NumberOfInstances: service.instances,
    Region: service.region,
    SerializedServiceCertificate: 'simulated-secret-that-must-not-be-logged',
    ServiceCName: service.serviceName,
    ServiceThumbprint: service.thumbprint,
    ServiceThumbprintAlgorithm: 'SHA1',
    ServiceType: 'CloudProxyService',
    SiteCode: service.siteCode,
    State: service.state,
    StatusDetails: 0,
    StorageQuotaInGB: 2000,
    SubscriptionID: service.subscriptionId,
    TrafficOutInGB: 10_000,
    TrafficOutStopService: false,
  };
}

/** A cloud distribution point of old, which is in the same class. */
const CONTENT_SERVICE: JsonObject = {
  AzureServiceID: 16_777_216,
  Name: 'contosocontent',
  ServiceCName: 'content.contoso.com',
  ServiceType: 'CloudDistributionPoint',
  SiteCode: 'PS1',
  State: 0,
};

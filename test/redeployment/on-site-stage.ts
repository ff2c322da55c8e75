import type { BoundaryGroupReference } from '../../src/api/v1alpha1/boundarygroupreference.generated.ts';
import type { ConnectionPoint } from '../../src/api/v1alpha1/connectionpoint.generated.ts';
import { type MemorySite, reachedSite } from '../../src/controllers/site/site.test-world.ts';
import { beginPass, finishPass } from '../../src/redeployment/client-gate.ts';
import { createRedeploymentStage, HOUR, type Lives, type RedeploymentStage } from './stage.ts';
import { connectedRole, metadataOf, presenting, resolvingIn } from './surroundings.ts';

const refs = {
  suspend: false,
  siteRef: { name: 'ps1' },
  cmgRef: { name: 'contoso' },
  deletionPolicy: 'Delete',
} as const;
const about = { apiVersion: 'configmgr.io/v1alpha1' } as const;

/** A connection point whose role somebody else has installed, as the site shows it. */
function point(site: MemorySite, name: string, role: 'Primary' | 'Standby'): ConnectionPoint {
  const spec = { ...refs, siteSystem: `${name}.contoso.com`, role };
  const serviceName = site.points.find(({ siteSystem }) => siteSystem === spec.siteSystem)?.serviceName;
  const status = serviceName === undefined ? {} : { status: { connected: 'True' as const, serviceName } };
  return { ...about, kind: 'ConnectionPoint', metadata: metadataOf(name), spec, ...status };
}

const GROUP: BoundaryGroupReference = {
  ...about,
  kind: 'BoundaryGroupReference',
  metadata: metadataOf('branch'),
  spec: { ...refs, boundaryGroup: { name: 'Branch' }, connection: 'Fast' },
};

const NOT_DECLARED = {
  kind: 'NotUsable',
  status: 'False',
  reason: 'SiteNotFound',
  message: 'There is no such Site.',
} as const;

/** A gateway whose CMG names a site in memory: a primary connection point, a standby, and one boundary group. */
export interface OnSiteStage {
  readonly stage: RedeploymentStage;
  /** Whether the Site exists that the CMG names. Default: yes. */
  isDeclared: boolean;
  /** Of 100 clients so many are seen to know the new gateway. At the beginning all of them. */
  refreshed: number;
  /** As `stage.runUntil`, with what the controllers of the objects on the site do meanwhile. At most 3 hours, where no other time is given. */
  until(done: () => boolean, hours?: number): Promise<void>;
  /** Service names by the names of the connection points that are linked to them. */
  links(): Readonly<Record<string, string | undefined>>;
  /** The lines of the steps in the status that begin so. */
  lines(begin: string): readonly string[];
}

export function createOnSiteStage(lives: Lives, site: MemorySite): OnSiteStage {
  const stage = createRedeploymentStage(lives, {
    surroundings: {
      probe: presenting(lives),
      resolveName: resolvingIn(lives),
      countClients: (question, now) => ({
        ...finishPass(beginPass(question, now)),
        devices: 100,
        asUtc: { eligible: 100, refreshed: own.refreshed },
        newestLag: 0,
      }),
      site: {
        siteOf: () => (own.isDeclared ? { kind: 'Usable', object: reachedSite(), site } : NOT_DECLARED),
        siteObjectOf: () => undefined,
        siteObjectsBeside: () => [],
        connectionPointsOf: () => [point(site, 'cp01', 'Primary'), point(site, 'spare', 'Standby')],
        boundaryGroupReferencesOf: () => [GROUP],
      },
    },
  });
  /** What the status says. */
  const follow = () => {
    const deployments = stage.deployments();
    if (deployments.length < 2) {
      // One alone is in every group as long as it is there.
      const isGoing = deployments.some(({ phase }) => phase === 'Deleting');
      site.groups = isGoing ? site.groups.map((each) => ({ ...each, members: [] })) : site.groups;
      return;
    }
    site.points = deployments.flatMap(({ serviceName, connectionPoints = [] }) =>
      connectionPoints.map((name) => connectedRole(name, serviceName)),
    );
    const isIn = (name: string) =>
      deployments.some(({ serviceName, inBoundaryGroups }) => serviceName === name && inBoundaryGroups === true);
    const members = site.records.filter(({ serviceName }) => isIn(serviceName));
    site.groups = site.groups.map((each) => ({
      ...each,
      members: members.map(({ nalPath }) => ({ nalPath, connection: 'Fast' as const })),
    }));
  };
  const own: OnSiteStage = {
    stage,
    isDeclared: true,
    refreshed: 100,
    until: (done, hours = 3) =>
      stage.runUntil(() => {
        follow();
        return done();
      }, hours * HOUR),
    links: () => Object.fromEntries(site.points.map((each) => [each.siteSystem.split('.')[0], each.serviceName])),
    lines: (begin) =>
      (stage.cmg()?.status?.manualSteps ?? []).flatMap(({ cmdlet }) =>
        cmdlet?.startsWith(begin) === true ? [cmdlet] : [],
      ),
  };
  return own;
}

import type { JsonObject, JsonValue } from '../../../../src/json.ts';
import { SiteFault } from '../exchange.ts';
import { rowsOf, type SimulatedClass } from '../simulated-class.ts';
import { nalPathOf, type SimulatedBoundaryGroup, type SiteWorld } from '../world.ts';

export function boundaryGroupClass(world: SiteWorld): SimulatedClass {
  const groupOf = ({ GroupID }: JsonObject): SimulatedBoundaryGroup => {
    const found = world.boundaryGroups.get(Number(GroupID));
    if (found === undefined) throw new SiteFault(404, `There is no boundary group ${String(GroupID)}.`);
    return found;
  };
  return {
    name: 'SMS_BoundaryGroup',
    key: ['GroupID'],
    rows: () => rowsOf([...world.boundaryGroups.values()].map((group) => rowOf(group))),
    update: (row, body) => {
      const unknown = Object.keys(body).filter((name) => !(name in row));
      if (unknown.length > 0) throw new SiteFault(400, `The property '${unknown[0]}' does not exist.`);
      if (typeof body.Flags === 'number') groupOf(row).flags = body.Flags;
    },
    instanceMethods: {
      AddSiteSystem: (row, { ServerNALPath, Flags }) => {
        const paths = textsIn(ServerNALPath);
        const flags = Array.isArray(Flags) ? Flags : [];
        if (flags.length !== paths.length) throw new SiteFault(400, 'ServerNALPath and Flags differ in length.');
        for (const path of paths) refuseUnknown(world, path);
        paths.forEach((path, index) => {
          groupOf(row).members.set(path, flags[index] === 1 ? 1 : 0);
        });
        return { ReturnValue: 0 };
      },
      RemoveSiteSystem: (row, { ServerNALPath }) => {
        for (const path of textsIn(ServerNALPath)) {
          if (!groupOf(row).members.delete(path)) throw new SiteFault(500, 'The site system is not in the group.');
        }
        return { ReturnValue: 0 };
      },
    },
  };
}

/** Which site systems the groups reference. */
export function boundaryGroupMemberClass(world: SiteWorld): SimulatedClass {
  return {
    name: 'SMS_BoundaryGroupSiteSystems',
    key: ['GroupID', 'ServerNALPath'],
    rows: () =>
      rowsOf(
        [...world.boundaryGroups.values()].flatMap(({ id, members }) =>
          [...members].map(([path, flags]) => ({
            GroupID: id,
            ServerNALPath: path,
            SiteCode: /SMS_SITE=(\w+)/.exec(path)?.[1] ?? '',
            Flags: flags,
          })),
        ),
      ),
  };
}

/** Refuses a path that is neither that of a gateway's record nor of a server of the site. */
function refuseUnknown(world: SiteWorld, path: string): void {
  const ofService = [...world.services.values()].some(({ nalPath }) => nalPath === path);
  const ofServer = world.systems.roles.some(({ siteCode, server }) => nalPathOf(siteCode, server) === path);
  if (!ofService && !ofServer) throw new SiteFault(500, `No site system has the NAL path ${path}.`);
}

function textsIn(value: JsonValue | undefined): readonly string[] {
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
  throw new SiteFault(400, 'ServerNALPath has to be an array of texts.');
}

function rowOf({ id, name, flags, members }: SimulatedBoundaryGroup): JsonObject {
  return {
    GroupID: id,
    Name: name,
    DefaultSiteCode: '',
    Description: '',
    Flags: flags,
    MemberCount: 3,
    Shared: true,
    SiteSystemCount: members.size,
  };
}

import type { JsonObject } from '../../../../src/json.ts';
import { CONTENT_TYPE, type SimulatedContent } from '../content-library.ts';
import { rowsOf, type SimulatedClass } from '../simulated-class.ts';
import type { SiteWorld } from '../world.ts';

/** What is assigned to which distribution point. */
export function contentInfoClass(world: SiteWorld): SimulatedClass {
  return {
    name: 'SMS_DPContentInfo',
    key: ['NALPath', 'ObjectID'],
    rows: () =>
      rowsOf(
        assigned(world).map(({ nalPath, item }) => ({
          Description: '',
          IsPredefinedPackage: false,
          NALPath: nalPath,
          Name: item.name,
          ObjectID: objectIdOf(item),
          ObjectType: item.type,
          ObjectTypeID: item.type === CONTENT_TYPE.application ? 31 : 2,
          PackageID: item.packageId,
          SourceSize: 1024,
        })),
      ),
  };
}

/** How the distribution of each item stands. */
export function distributionClass(world: SiteWorld): SimulatedClass {
  return {
    name: 'SMS_PackageStatusDistPointsSummarizer',
    key: ['PackageID', 'ServerNALPath', 'SiteCode'],
    rows: () =>
      rowsOf(
        assigned(world).map(
          ({ nalPath, item, state }): JsonObject => ({
            PackageID: item.packageId,
            // The content of an application is in a package of a type of its own.
            PackageType: item.type === CONTENT_TYPE.application ? 8 : item.type,
            SecureObjectID: objectIdOf(item),
            ServerNALPath: nalPath,
            SiteCode: /SMS_SITE=(\w+)/.exec(nalPath)?.[1] ?? '',
            SourceVersion: 1,
            State: state,
          }),
        ),
      ),
  };
}

/** An application is called by its model name. */
function objectIdOf({ packageId, type }: SimulatedContent): string {
  return type === CONTENT_TYPE.application ? `ScopeId_SIM/Application_${packageId}` : packageId;
}

interface Assigned {
  readonly nalPath: string;
  readonly item: SimulatedContent;
  readonly state: number;
}

function assigned({ content }: SiteWorld): readonly Assigned[] {
  return [...content.distributionPoints].flatMap(([nalPath, states]) =>
    [...states].flatMap(([packageId, state]) => {
      const item = content.items.get(packageId);
      return item === undefined ? [] : [{ nalPath, item, state }];
    }),
  );
}

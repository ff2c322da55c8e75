import { type ArmContext, namespaceOf } from '../context.ts';

/**
 * The api-versions of operations that belong to a namespace and to no type of resource, which are released together with
 * a type: those of that type, or of the whole namespace while the type is not served.
 */
export function versionsOf({ types }: ArmContext, type: string): readonly string[] {
  const namespace = namespaceOf(type).toLowerCase();
  return (
    types.get(type)?.apiVersions ?? [
      ...new Set(
        types.all
          .filter((known) => namespaceOf(known.type).toLowerCase() === namespace)
          .flatMap((known) => known.apiVersions),
      ),
    ]
  );
}

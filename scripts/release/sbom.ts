import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import type { Metafile } from 'esbuild';

/** A bill of materials in the form of CycloneDX, as far as it is read here. */
export interface BillOfMaterials {
  readonly serialNumber?: string;
  readonly metadata: { readonly timestamp?: string; readonly component: Component };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn?: readonly string[] }[];
}

interface Component {
  readonly 'bom-ref': string;
  readonly name: string;
  readonly version: string;
  readonly properties?: readonly { readonly name: string; readonly value: string }[];
  readonly externalReferences?: readonly unknown[];
}

/**
 * Asks npm for the bill of materials of the lock file of a checkout. With development dependencies: npm counts a package as
 * such when only one of those that need it is one.
 */
export function npmBillOfMaterials(root: string): BillOfMaterials {
  const command = ['sbom', '--package-lock-only', '--sbom-format', 'cyclonedx'];
  const output = execFileSync('npm', [...command, '--sbom-type', 'application'], { cwd: root, encoding: 'utf8' });
  return JSON.parse(output);
}

/**
 * What of npm's bill of materials is in the bundle, in a form that is the same for the same content: without the time,
 * with a serial number that follows from the rest, and without the addresses that packages were downloaded from, which
 * differ from one machine to another.
 *
 * @param name of what is shipped
 */
export function shippedMaterials(name: string, bill: BillOfMaterials, bundled: ReadonlySet<string>): BillOfMaterials {
  const components = bill.components
    .filter((component) => bundled.has(component['bom-ref']))
    .map((component) => ({ ...component, externalReferences: [] }))
    .toSorted((left, right) => (left['bom-ref'] < right['bom-ref'] ? -1 : 1));
  const { component, timestamp: _time, ...metadata } = bill.metadata;
  const { serialNumber: _random, ...rest } = bill;
  const refs = new Set([component['bom-ref'], ...components.map((part) => part['bom-ref'])]);
  const content = {
    ...rest,
    metadata: { ...metadata, component: { ...component, name } },
    components,
    dependencies: bill.dependencies
      .filter(({ ref }) => refs.has(ref))
      .map(({ ref, dependsOn = [] }) => ({ ref, dependsOn: dependsOn.filter((other) => refs.has(other)).toSorted() }))
      .toSorted((left, right) => (left.ref < right.ref ? -1 : 1)),
  };
  return { ...content, serialNumber: serialNumberOf(JSON.stringify(content)) };
}

/** A UUID of version 8 (RFC 9562), which may be made from anything, here from a hash. */
function serialNumberOf(content: string): string {
  const hash = createHash('sha256').update(content).digest('hex');
  const variant = ((Number.parseInt(hash.slice(16, 17), 16) & 0x3) | 0x8).toString(16);
  const parts = [hash.slice(0, 8), hash.slice(8, 12), `8${hash.slice(13, 16)}`, `${variant}${hash.slice(17, 20)}`];
  return `urn:uuid:${[...parts, hash.slice(20, 32)].join('-')}`;
}

/** What of a lock file is read here. */
export interface PackageLock {
  /** By path, as `node_modules/undici`. */
  readonly packages: Readonly<Record<string, { readonly version?: string }>>;
}

/**
 * The npm packages of which something is in a bundle, as `name@version`.
 *
 * @throws Error for one that is not in the lock file
 */
export function packagesIn({ outputs }: Metafile, { packages }: PackageLock): ReadonlySet<string> {
  const files = Object.values(outputs).flatMap(({ inputs }) => Object.keys(inputs));
  const paths = new Set(files.flatMap((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? []));
  return new Set(
    [...paths].map((path) => {
      const inLock = path.slice(path.indexOf('node_modules/'));
      const version = packages[inLock]?.version;
      if (version === undefined) throw new Error(`${inLock} is in the bundle and not in the lock file`);
      return `${inLock.slice(inLock.lastIndexOf('node_modules/') + 'node_modules/'.length)}@${version}`;
    }),
  );
}

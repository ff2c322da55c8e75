/** What one part of `src/` may import. Everything not named is forbidden. */
export interface LayoutRule {
  /** A file, or a folder with a slash at its end. The first rule that a file matches holds for it. */
  readonly part: string;
  /** Files and folders of the project, beside the part itself. */
  readonly imports: readonly string[];
  /** npm packages; `*` at the end stands for any rest. */
  readonly packages?: readonly string[];
  /** npm packages of which only types may be imported: nothing of them is left at run time. */
  readonly typesOf?: readonly string[];
  /** Node's own modules. Parts that are pure have none that could read a file, a socket or a clock. */
  readonly node?: readonly string[];
}

const ANY_NODE_MODULE = ['node:*'];
/** Types of Azure's resources, from Microsoft's own definitions. */
const AZURE_TYPES = ['@azure/arm-*'];
/** What ARM resources are, without a word of how they are read or written. */
const AZURE_PURE = ['src/azure/desired-resource.ts', 'src/azure/resource-id.ts'];

/** Dependencies point one way: controllers → gateway, redeployment and certificates (pure), azure, runtime. */
export const LAYOUT: readonly LayoutRule[] = [
  { part: 'src/json.ts', imports: [] },
  { part: 'src/version.ts', imports: [] },
  // Evaluated before everything else, so it may bring nothing with it.
  { part: 'src/stop-signal.ts', imports: [] },
  { part: 'src/api/', imports: [] },
  {
    part: 'src/runtime/',
    imports: [],
    packages: ['undici', '@kubernetes/client-node', 'pino', 'prom-client'],
    node: ANY_NODE_MODULE,
  },
  { part: 'src/azure/desired-resource.ts', imports: ['src/json.ts', ...AZURE_PURE] },
  // node:crypto for names that are hashes of other names.
  { part: 'src/azure/resource-id.ts', imports: ['src/json.ts', ...AZURE_PURE], node: ['node:crypto'] },
  {
    part: 'src/azure/',
    imports: ['src/json.ts', 'src/runtime/'],
    packages: ['@azure/*', 'zod'],
    node: ANY_NODE_MODULE,
  },
  {
    part: 'src/gateway/',
    imports: ['src/api/', 'src/json.ts', ...AZURE_PURE],
    typesOf: AZURE_TYPES,
    // For hashes.
    node: ['node:crypto'],
  },
  {
    part: 'src/certificates/',
    imports: ['src/api/', 'src/json.ts', ...AZURE_PURE],
    packages: ['@peculiar/x509', 'node-forge', 'pkijs', 'reflect-metadata'],
    // node:tls for the root certificates that Node carries.
    node: ['node:crypto', 'node:util', 'node:tls'],
  },
  // What takes the place of what, and when: judgements over facts that are handed in.
  { part: 'src/redeployment/', imports: ['src/api/'] },
  // What a client sees: it knows addresses and certificates, and no gateways.
  { part: 'src/probe/', imports: [], node: ['node:crypto', 'node:dns/promises', 'node:net', 'node:tls'] },
  // Kerberos: a process for each Site, with files of its own. The native module is loaded in that process only.
  {
    part: 'src/site/kerberos/',
    imports: ['src/runtime/', 'src/site/authentication.ts'],
    node: [
      'node:child_process',
      'node:crypto',
      'node:fs',
      'node:module',
      'node:net',
      'node:os',
      'node:path',
      'node:url',
    ],
  },
  // The site: knows no gateways in Azure and no Kubernetes. undici for requests, as the runtime has it.
  {
    part: 'src/site/',
    imports: ['src/json.ts', 'src/runtime/'],
    packages: ['undici'],
  },
  {
    part: 'src/observability/',
    imports: ['src/runtime/'],
    packages: ['pino', 'prom-client'],
    node: ANY_NODE_MODULE,
  },
  {
    part: 'src/controllers/',
    imports: [
      'src/api/',
      'src/json.ts',
      'src/runtime/',
      'src/azure/',
      'src/gateway/',
      'src/redeployment/',
      'src/certificates/',
      'src/probe/',
      'src/site/',
      'src/observability/',
    ],
    packages: ['zod', 'prom-client'],
    typesOf: ['@kubernetes/client-node', ...AZURE_TYPES],
    node: ['node:crypto'],
  },
  // What a change would come to, by the judgements of the planner: pure. Of the controllers, what turns a CMG into its terms.
  {
    part: 'src/cli/plan/',
    imports: [
      'src/api/',
      'src/json.ts',
      'src/redeployment/',
      'src/runtime/objects.ts',
      'src/controllers/cmg/managed-cmg.ts',
      'src/controllers/cmg/redeployment/records.ts',
      'src/controllers/cmg/redeployment/wish.ts',
    ],
    packages: ['yaml'],
  },
  // Commands for people: they read, and write nothing.
  {
    part: 'src/cli/',
    imports: [
      'src/api/',
      'src/json.ts',
      'src/version.ts',
      'src/redeployment/',
      'src/runtime/',
      'src/controllers/cmg/kind.ts',
      'src/controllers/connectionpoint/kind.ts',
    ],
    node: ANY_NODE_MODULE,
  },
  { part: 'src/config.ts', imports: ['src/'], packages: ['zod'], node: ANY_NODE_MODULE },
  { part: 'src/site-operator.ts', imports: ['src/'] },
  {
    part: 'src/operator.ts',
    imports: ['src/'],
    packages: ['zod', 'pino', 'prom-client'],
    typesOf: ['@kubernetes/client-node'],
    node: ANY_NODE_MODULE,
  },
  { part: 'src/main.ts', imports: ['src/'], packages: ['pino', 'prom-client'], node: ANY_NODE_MODULE },
];

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseAllDocuments, stringify } from 'yaml';
import { VERSION } from '../src/version.ts';
import { clusterServiceVersion, metricsService } from './olm-bundle.ts';

const DEFINITIONS = 'crds';
/** Where copies of the definitions go: kustomize takes no file from outside its folder, and OLM one folder with all. */
const COPIES = ['deploy/crds', 'deploy/olm/bundle/manifests'];
const ARGO_CD_SCRIPTS = 'deploy/argocd/resource_customizations';
/** All kinds keep the same conventions, so one script judges them all. */
const ARGO_CD_SCRIPT = `${ARGO_CD_SCRIPTS}/configmgr.io/CMG/health.lua`;

/** A file that is made from others. */
interface Generated {
  readonly path: string;
  readonly text: string;
}

/** A copy of a definition, comments included. Its first line says that it is one. */
function copiesOf(root: string, file: string): Generated[] {
  const source = `${DEFINITIONS}/${file}`;
  const text = readFileSync(join(root, source), 'utf8').replace(/^(#.*\n)*/, `${header(source)}\n`);
  return COPIES.map((folder) => ({ path: `${folder}/${file}`, text }));
}

/** The ConfigMap that teaches Argo CD the health of our kinds: the script under the key of each that Argo CD looks for. */
function argoCdConfig(root: string): Generated {
  const script = readFileSync(join(root, ARGO_CD_SCRIPT), 'utf8');
  const data = Object.fromEntries(
    definitionFiles(root).map((file) => {
      const { spec } = parseAllDocuments(readFileSync(join(root, DEFINITIONS, file), 'utf8'))[0]?.toJS() ?? {};
      return [`resource.customizations.health.${spec.group}_${spec.names.kind}`, script];
    }),
  );
  const config = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'argocd-cm', namespace: 'argocd' }, data };
  return { path: 'deploy/argocd/argocd-cm.yaml', text: yaml(config, ARGO_CD_SCRIPTS) };
}

/** Samples of the kinds beside the CMG. */
const OTHER_SAMPLES = ['site', 'connection-point', 'boundary-group'];

function olmBundle(root: string): Generated[] {
  const read = (path: string) => parseAllDocuments(readFileSync(join(root, path), 'utf8')).map((each) => each.toJS());
  // In the order of the samples: the console offers the first one first.
  const { resources }: { readonly resources: readonly string[] } = read('deploy/samples/kustomization.yaml')[0];
  const folders = resources.filter((name) => !name.endsWith('.yaml'));
  const samples = [
    ...folders.map((name) => `${name}/gateway.yaml`),
    ...OTHER_SAMPLES.map((name) => `with-site/${name}.yaml`),
  ];
  const csv = clusterServiceVersion({
    base: read('deploy/olm/base/cmg-operator.clusterserviceversion.yaml')[0],
    icon: readFileSync(join(root, 'deploy/olm/base/icon.svg')),
    version: VERSION,
    definitions: definitionFiles(root).flatMap((file) => read(`${DEFINITIONS}/${file}`)),
    examples: samples.flatMap((name) => read(`deploy/samples/${name}`)),
    roles: ['operator-role', 'leader-election-role', 'cluster-identity-role'].flatMap((name) =>
      read(`deploy/base/${name}.yaml`),
    ),
    deployment: read('deploy/base/deployment.yaml')[0],
  });
  const folder = 'deploy/olm/bundle/manifests';
  return [
    { path: `${folder}/cmg-operator.clusterserviceversion.yaml`, text: yaml(csv, 'deploy/, crds/') },
    {
      path: `${folder}/cmg-operator-metrics_v1_service.yaml`,
      text: yaml(metricsService(read('deploy/base/service.yaml')[0]), 'deploy/base/service.yaml'),
    },
  ];
}

function definitionFiles(root: string): string[] {
  return readdirSync(join(root, DEFINITIONS))
    .filter((name) => name.endsWith('.yaml'))
    .sort();
}

function header(source: string): string {
  return `# Generated from ${source} by \`npm run generate\`. Do not edit.`;
}

function yaml(value: unknown, source: string): string {
  return `${header(source)}\n${stringify(value, { lineWidth: 0, aliasDuplicateObjects: false })}`;
}

/**
 * Makes every file in `deploy/` that stands for something elsewhere in a checkout, and returns those that were not
 * current. With `check` they are left as they are.
 */
export function generateDeploy(root: string, check: boolean): string[] {
  const copies = definitionFiles(root).flatMap((file) => copiesOf(root, file));
  return [...copies, argoCdConfig(root), ...olmBundle(root)].flatMap(({ path, text }) => {
    const file = join(root, path);
    if (existsSync(file) && readFileSync(file, 'utf8') === text) {
      return [];
    }
    if (!check) {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
    return [path];
  });
}

if (import.meta.main) {
  const check = process.argv.includes('--check');
  const stale = generateDeploy(join(import.meta.dirname, '..'), check);
  for (const file of stale) {
    console.log(check ? `${file} does not match what it is made from. Run: npm run generate` : `wrote ${file}`);
  }
  process.exitCode = check && stale.length > 0 ? 1 : 0;
}

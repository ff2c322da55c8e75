import { chmodSync, copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { copiedFiles, readStages, type Stage, valuesOf } from './dockerfile.ts';

/** Where the build stage has the checkout. */
const BUILD_DIRECTORY = '/src/';

/** What the image runs, and as whom. */
export interface ImageConfig {
  /** The image below, with Node. */
  readonly base: string;
  readonly entrypoint: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** User and group, as numbers, so that a cluster can see that it is not root. */
  readonly user: string;
  readonly workingDirectory: string;
}

/** The final stage of the Dockerfile of a checkout: what the project itself adds. */
export function finalStage(root: string): Stage {
  const stage = stagesOf(root).at(-1);
  if (stage === undefined) throw new Error('the Dockerfile has no stage');
  return stage;
}

/** The stage of the Dockerfile with this name. */
export function stageNamed(root: string, name: string): Stage {
  const stage = stagesOf(root).find((each) => each.name === name);
  if (stage === undefined) throw new Error(`the Dockerfile has no stage ${name}`);
  return stage;
}

function stagesOf(root: string): readonly Stage[] {
  return readStages(readFileSync(join(root, 'Dockerfile'), 'utf8'));
}

/** What a stage says of how it is run. */
export function imageConfig(stage: Stage): ImageConfig {
  const last = (name: string) => valuesOf(stage, name).at(-1) ?? '';
  const environment = valuesOf(stage, 'ENV').flatMap((value) =>
    [...value.matchAll(/(\w+)=(\S+)/g)].map(([, name = '', text = '']) => [name, text] as const),
  );
  return {
    base: stage.base,
    entrypoint: JSON.parse(last('ENTRYPOINT')),
    environment: Object.fromEntries(environment),
    user: last('USER'),
    workingDirectory: last('WORKDIR'),
  };
}

/**
 * Lays the files that the final stage adds to its base out in a directory, from a checkout in which `npm run build` has
 * run, with the rights that they have in the image. Returns their paths in the image.
 */
export function writeImageTree(root: string, stage: Stage, directory: string): readonly string[] {
  return copiedFiles(stage).map(({ from, source, target }) => {
    const path = from === undefined ? source : source.replace(BUILD_DIRECTORY, '');
    const written = join(directory, target);
    mkdirSync(dirname(written), { recursive: true });
    copyFileSync(join(root, path), written);
    chmodSync(written, 0o644);
    return target;
  });
}

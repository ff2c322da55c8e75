import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll } from 'vitest';
import { goProgram } from '../../tools/go-program.ts';
import { ARGOCD_HEALTH } from '../../tools/programs.ts';
import { BUILD_TIMEOUT_MS } from '../chart/helm.ts';
import { DEPLOY } from '../deploy/kustomize.ts';

/** Folder of the CMG in the layout of Argo CD's own repository. */
export const CUSTOMIZATION = join(DEPLOY, 'argocd/resource_customizations/configmgr.io/CMG');

/** What Argo CD takes an object's state to be, and why. */
export interface Health {
  readonly status: string;
  readonly message: string;
}

/** Judges objects by a health script, as Argo CD does. Default script: the one for the CMG. */
export type HealthOf = (objects: readonly object[], script?: string) => Promise<readonly Health[]>;

/** The interpreter of Argo CD for the tests of a file. */
export function healthSuite(): HealthOf {
  let program = '';
  beforeAll(async () => {
    program = await goProgram(ARGOCD_HEALTH);
  }, BUILD_TIMEOUT_MS);
  return (objects, script = readFileSync(join(CUSTOMIZATION, 'health.lua'), 'utf8')) =>
    new Promise((resolve, reject) => {
      const child = execFile(program, (error, stdout, stderr) => {
        if (error === null) resolve(JSON.parse(stdout));
        else reject(new Error(stderr || String(error)));
      });
      child.stdin?.end(JSON.stringify({ script, objects }));
    });
}

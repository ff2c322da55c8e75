import { describe } from 'vitest';
import { azureCliUnlessMissing } from '../../tools/azure-cli.ts';

const found = await azureCliUnlessMissing();

/** `describe` for tests that need the Azure CLI. Where it cannot be had they are left out, and the name says why; in CI they fail. */
export function describeWithAzureCli(name: string, tests: (az: string) => void): void {
  if (typeof found === 'string') describe(name, () => tests(found));
  else describe.skip(`${name}, left out: ${found.missing}`, () => tests(''));
}

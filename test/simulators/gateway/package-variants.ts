/**
 * Service packages of the tests. `Reference` does what a gateway does, and so does `NextVersion`; the others are those that a
 * site should never make, and that an operator has to cope with:
 *
 * - `Failing`: its setup writes why it fails into the status file, and exits with 3.
 * - `Crashing`: its setup ends with an exception, and leaves no status file.
 * - `Hanging`: its setup never ends.
 * - `Idle`: its setup succeeds, and nothing serves after it.
 * - `OtherCertificate`: serves, with a certificate of its own making.
 */
export type PackageVariant =
  | 'Reference'
  | 'NextVersion'
  | 'Failing'
  | 'Crashing'
  | 'Hanging'
  | 'Idle'
  | 'OtherCertificate';

/** The program that serves, where it is not that of the reference package: a module in `package/`. */
export const PROGRAM_OF_VARIANT: Readonly<Partial<Record<PackageVariant, string>>> = {
  NextVersion: 'next-version',
  OtherCertificate: 'other-certificate',
};

/** What the failing setup says. */
export const FAILING_STATUS = {
  step: 'prerequisites',
  state: 'Failed',
  message: 'This VM has 2 GiB of memory, and the gateway needs 4. Choose a larger size.',
} as const;

const WRITE_STATUS = (status: object) => `
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
writeFileSync(join(import.meta.dirname, 'status.json'), ${JSON.stringify(`${JSON.stringify(status)}\n`)});
`;

/** Text of `setup.mjs` where it differs from that of the reference package. */
export const SETUP_OF_VARIANT: Readonly<Partial<Record<PackageVariant, string>>> = {
  Failing: `${WRITE_STATUS(FAILING_STATUS)}
console.error('prerequisites: too little memory');
process.exit(3);
`,
  Crashing: "throw new Error('The setup has come to an end that nobody foresaw.');\n",
  Hanging: "console.log('Waiting for a reboot that never comes.');\nsetInterval(() => {}, 60_000);\n",
  Idle: WRITE_STATUS({ step: 'listen', state: 'Succeeded', message: 'The gateway listens.' }),
};

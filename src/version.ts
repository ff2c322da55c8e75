/** Version of the operator; equal to that of the package, which a test checks. */
export const VERSION = '0.1.0';

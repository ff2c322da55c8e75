import { expect, test } from 'vitest';
import { packageUrl } from './service-package.ts';

test.each(['https://contoso.blob.core.windows.net/', 'https://contoso.blob.core.windows.net'])(
  'a package is named by its hash, at %s',
  (endpoint) => {
    expect(packageUrl(endpoint, 'ab'.repeat(32))).toBe(
      `https://contoso.blob.core.windows.net/packages/${'ab'.repeat(32)}.zip`,
    );
  },
);

import { expect, test } from 'vitest';
import { clientAuthenticationOf, sslStateOf } from './ssl-state.ts';

test.each([
  [0, 480],
  [31, 31],
  [63, 63],
  [192, 192],
  [224, 224],
  [448, 448],
  [480, 480],
  [1216, 1216],
  [1248, 1248],
  [1472, 1472],
  [1504, 1504],
])('what %i means is written as %i', (value, written) => {
  const meaning = clientAuthenticationOf(value);
  expect(meaning && sslStateOf(meaning)).toBe(written);
});

test.each([1, 32, 256, 1024, 2048 + 1504])('%i is not interpreted', (value) => {
  expect(clientAuthenticationOf(value)).toBeUndefined();
});

test('what no known value means is not written', () => {
  const wanted = {
    httpsOnly: true,
    checkRevocationForSiteSystems: true,
    usePkiCertificate: false,
    enhancedHttp: false,
  };
  expect(sslStateOf(wanted)).toBeUndefined();
});

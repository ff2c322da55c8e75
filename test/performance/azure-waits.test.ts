import { expect, it } from 'vitest';
import { covered, waitsOf } from './azure-waits.ts';

const line = (exchange: object) => JSON.stringify({ method: 'GET', url: 'https://x', responseBody: null, ...exchange });
const at = (second: number) => new Date(second * 1000).toISOString();

it('finds the waits that Azure asked for, and no others', () => {
  const recording = [
    line({ method: 'PUT', status: 202, time: at(10), responseHeaders: { 'Retry-After': '17' } }),
    line({
      status: 200,
      time: at(30),
      responseHeaders: { 'Retry-After': '5' },
      responseBody: { status: 'InProgress' },
    }),
    line({ status: 200, time: at(40), responseHeaders: { 'Retry-After': '5' }, responseBody: { status: 'Succeeded' } }),
    line({
      method: 'PUT',
      status: 201,
      time: at(50),
      responseHeaders: { 'Retry-After': '1' },
      responseBody: { properties: { provisioningState: 'Succeeded' } },
    }),
    line({ status: 200, time: at(60), responseHeaders: {}, responseBody: { status: 'InProgress' } }),
  ].join('\n');
  expect(waitsOf(recording)).toEqual([
    { from: 10_000, to: 27_000 },
    { from: 30_000, to: 35_000 },
  ]);
});

it('counts overlapping spans once, and only what lies inside', () => {
  const spans = [
    { from: 0, to: 10 },
    { from: 5, to: 20 },
    { from: 30, to: 40 },
    { from: 32, to: 35 },
    { from: 90, to: 120 },
  ];
  expect(covered(spans, { from: 2, to: 100 })).toBe(18 + 10 + 10);
});

import { describe, expect, test } from 'vitest';
import { parseFilter } from './odata-filter.ts';
import { parsePath } from './odata-path.ts';

const row = { Name: "Sue's group", Flags: 18, Shared: true, Owner: null };

describe('$filter', () => {
  test.each([
    ["Name eq 'sue''s GROUP'", true],
    ["Name ne 'other'", true],
    ['Flags eq 18', true],
    ['Flags gt 18', false],
    ['Flags ge 18 and Flags le 18', true],
    ["Flags eq 1 or (Shared eq true and startswith(Name,'SUE') eq true)", true],
    ["contains(Name,'x') eq false", true],
    ["not endswith(Name,'group')", false],
    ['Owner eq null', true],
    ['Missing eq 1', false],
    ["Flags eq '18'", false],
  ])('%s', (text, expected) => {
    expect(parseFilter(text)(row)).toBe(expected);
  });

  test.each(['Flags', 'Flags eq', 'Flags like 1', "unknown(Name,'x')", '(Flags eq 1', "Name eq 'a' 'b'"])(
    '%s is refused',
    (text) => {
      expect(() => parseFilter(text)).toThrow(expect.objectContaining({ status: 400 }));
    },
  );
});

describe('a path', () => {
  test('with a key of several properties, which holds quotes and slashes', () => {
    const text = `wmi/SMS_SCI_SysResUse(FileType=2,ItemName='["Display=\\\\x\\"]it''s,SMS / Point',SiteCode='PS1')`;
    expect(parsePath(encodeURI(text).replaceAll("'", '%27'))).toEqual({
      className: 'SMS_SCI_SysResUse',
      key: new Map<string, string | number>([
        ['FileType', 2],
        ['ItemName', `["Display=\\\\x\\"]it's,SMS / Point`],
        ['SiteCode', 'PS1'],
      ]),
      method: undefined,
    });
  });

  test.each([
    ['wmi/SMS_AzureService.Stop', 'Stop'],
    ['wmi/SMS_BoundaryGroup(5)/AdminService.AddSiteSystem', 'AddSiteSystem'],
  ])('with a method: %s', (text, method) => {
    expect(parsePath(text).method).toBe(method);
  });

  test.each(['wmi/', 'v1.0/Device', 'wmi/SMS_Site(1', 'wmi/SMS_Site(1)/Other.Method'])('%s is none', (text) => {
    expect(() => parsePath(text)).toThrow(expect.objectContaining({ status: 404 }));
  });
});

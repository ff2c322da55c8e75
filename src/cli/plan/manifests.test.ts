import { describe, expect, test } from 'vitest';
import { readManifests, sortManifests } from './manifests.ts';

const CMG = 'apiVersion: configmgr.io/v1alpha1\nkind: CMG\nmetadata: { name: granitefalls, namespace: gateways }\n';
const POINT = 'apiVersion: configmgr.io/v1alpha1\nkind: ConnectionPoint\nmetadata: { name: cp02 }\n';
const SECRET = 'apiVersion: v1\nkind: Secret\nmetadata: { name: azure }\n';
const STRANGER = 'apiVersion: other.io/v1\nkind: CMG\nmetadata: { name: stranger }\n';

const namesIn = (text: string) => readManifests('a.yaml', text).map(({ name }) => name);

describe('the objects of a file', () => {
  test('stand in any number of documents, of which some may be empty', () => {
    expect(namesIn(`---\n# nothing\n---\n${CMG}---\n${SECRET}---\n`)).toEqual(['granitefalls', 'azure']);
    expect(namesIn('')).toEqual([]);
  });

  test('stand in a list, and in JSON', () => {
    const items = [SECRET, POINT].map((text) => readManifests('a.yaml', text)[0]?.body);
    expect(namesIn(JSON.stringify({ apiVersion: 'v1', kind: 'List', items }))).toEqual(['azure', 'cp02']);
  });

  test('are sorted by what is done with them', () => {
    const sorted = sortManifests(readManifests('a.yaml', [CMG, POINT, SECRET, STRANGER].join('---\n')));
    expect(sorted.cmgs).toMatchObject([{ name: 'granitefalls', namespace: 'gateways' }]);
    expect(sorted.connectionPoints).toMatchObject([{ name: 'cp02' }]);
    expect(sorted.others.map(({ name }) => name)).toEqual(['azure', 'stranger']);
  });
});

describe('what is no manifest', () => {
  test.each([
    ['text', 'Dear all,', 'a.yaml holds something without apiVersion and kind, which is no manifest.'],
    ['a list', '- one', 'a.yaml holds something without apiVersion and kind, which is no manifest.'],
    ['an object without a name', 'apiVersion: v1\nkind: Secret', 'a.yaml holds a Secret without metadata.name.'],
    [
      'YAML with a mistake',
      'kind: CMG\n  name: x',
      'a.yaml is not YAML: Nested mappings are not allowed in compact mappings at line 1, column 7.',
    ],
    ['a field twice', 'kind: CMG\nkind: CMG', 'a.yaml is not YAML: Map keys must be unique at line 2, column 1.'],
    ['an alias of nothing', 'kind: *nowhere', 'a.yaml is not YAML: Unresolved alias'],
  ])('%s is refused with the place', (_what, text, message) => {
    expect(() => readManifests('a.yaml', text)).toThrow(message);
  });

  test('a CMG of another version is refused', () => {
    const text = CMG.replace('v1alpha1', 'v2');
    expect(() => sortManifests(readManifests('a.yaml', text))).toThrow(
      'CMG granitefalls has the apiVersion configmgr.io/v2; known is configmgr.io/v1alpha1.',
    );
  });
});

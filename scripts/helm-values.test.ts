import { describe, expect, it } from 'vitest';
import { chartValues, valuesTable } from './helm-values.ts';

const VALUES = `# About the file.

# -- Required. First line,
# and second line.
id: ""

image:
  # -- Where it is.
  repository: a/b
  # -- Which.
  # @default -- the version
  tag: ""

# Not documented itself.
policies:
  first:
    # -- Whether.
    enabled: true

# -- All of it.
resources:
  limits:
    memory: 1Gi
# -- Some | more.
list: [1, 2]
# -- Half.
ratio: 0.5
`;

describe('the values of a chart', () => {
  it('are read from their comments, each with its default', () => {
    expect(chartValues(VALUES)).toEqual([
      { key: 'id', type: 'string', fallback: '""', description: 'Required. First line, and second line.' },
      { key: 'image.repository', type: 'string', fallback: '"a/b"', description: 'Where it is.' },
      { key: 'image.tag', type: 'string', fallback: '*the version*', description: 'Which.' },
      { key: 'policies.first.enabled', type: 'bool', fallback: 'true', description: 'Whether.' },
      { key: 'resources', type: 'object', fallback: '{"limits":{"memory":"1Gi"}}', description: 'All of it.' },
      { key: 'list', type: 'list', fallback: '[1,2]', description: 'Some | more.' },
      { key: 'ratio', type: 'float', fallback: '0.5', description: 'Half.' },
    ]);
  });

  it('are refused without a comment, by name', () => {
    expect(() => chartValues('image:\n  tag: ""\n')).toThrow('values.yaml: image.tag has no comment');
  });

  it('make a table in which nothing breaks a row', () => {
    expect(valuesTable(VALUES).split('\n')[7]).toBe('| `list` | list | `[1,2]` | Some \\| more. |');
  });
});

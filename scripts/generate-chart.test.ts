import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { VERSION } from '../src/version.ts';
import { definitionTemplate, generateChart, readmeWithValues } from './generate-chart.ts';

const ROOT = join(import.meta.dirname, '..');

const DEFINITION = 'metadata:\n  name: things.example.com\nspec:\n  group: example.com\n';

describe('the template of a definition', () => {
  it('is the definition, with labels and the policy to keep it, where it is to be installed', () => {
    expect(definitionTemplate(DEFINITION, 'crds/things.yaml').split('\n').slice(1)).toEqual([
      '{{- if .Values.crds.install }}',
      'metadata:',
      '  name: things.example.com',
      '  labels:',
      '    {{- include "cmg-operator.labels" . | nindent 4 }}',
      '  {{- if .Values.crds.keep }}',
      '  annotations:',
      '    helm.sh/resource-policy: keep',
      '  {{- end }}',
      'spec:',
      '  group: example.com',
      '{{- end }}',
      '',
    ]);
  });

  it('keeps braces of the definition from being taken for a template', () => {
    expect(definitionTemplate(`${DEFINITION}  note: "{{ x }}"\n`, 'things.yaml')).toContain('note: "{{ "{{" }} x }}"');
  });

  it('is refused for a definition whose metadata it cannot add to', () => {
    const annotated = 'metadata:\n  annotations: {}\n  name: things.example.com\n';
    expect(() => definitionTemplate(annotated, 'crds/things.yaml')).toThrow(
      'crds/things.yaml: there is no "metadata:"',
    );
  });
});

describe('the README', () => {
  it('is refused without the place for the table', () => {
    expect(() => readmeWithValues('# cmg-operator\n', '# -- A.\na: 1\n')).toThrow('README.md lacks the lines');
  });

  it('gets the table between its two lines, and nothing else changes', () => {
    const readme = readFileSync(join(ROOT, 'charts/cmg-operator/README.md'), 'utf8');
    const other = readmeWithValues(readme, '# -- A.\na: 1\n');
    expect(other).toContain('| `a` | int | `1` | A. |');
    expect(readmeWithValues(other, readFileSync(join(ROOT, 'charts/cmg-operator/values.yaml'), 'utf8'))).toBe(readme);
  });
});

describe('the chart of this checkout', () => {
  it('is current', () => {
    expect(generateChart(ROOT, true)).toEqual([]);
  });

  it('has the version of the operator', () => {
    const { version, appVersion } = parse(readFileSync(join(ROOT, 'charts/cmg-operator/Chart.yaml'), 'utf8'));
    const { version: ofPackage } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    expect({ version, appVersion, ofPackage }).toEqual({ version: VERSION, appVersion: VERSION, ofPackage: VERSION });
  });
});

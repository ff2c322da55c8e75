{{/* The chart's name, shortened to what names and labels hold. */}}
{{- define "cmg-operator.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 50 | trimSuffix "-" }}
{{- end }}

{{/* Name of the objects in the release's namespace. 50 characters leave room for what is appended to it. */}}
{{- define "cmg-operator.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" }}
{{- else -}}
{{- $name := include "cmg-operator.name" . -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" }}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 50 | trimSuffix "-" }}
{{- end -}}
{{- end -}}
{{- end }}

{{/* Name of what belongs to no namespace. Releases of one name in two namespaces must not share it. */}}
{{- define "cmg-operator.clusterName" -}}
{{- printf "%s-%s" (include "cmg-operator.fullname" .) .Release.Namespace }}
{{- end }}

{{- define "cmg-operator.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "cmg-operator.fullname" .) .Values.serviceAccount.name }}
{{- else -}}
{{- default "default" .Values.serviceAccount.name }}
{{- end -}}
{{- end }}

{{- define "cmg-operator.selectorLabels" -}}
app.kubernetes.io/name: {{ include "cmg-operator.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "cmg-operator.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "cmg-operator.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "cmg-operator.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{- printf "%s@%s" .repository .digest }}
{{- else -}}
{{- printf "%s:%s" .repository (default $.Chart.AppVersion .tag) }}
{{- end -}}
{{- end -}}
{{- end }}

{{/* "true" when the operator watches the whole cluster. */}}
{{- define "cmg-operator.watchesCluster" -}}
{{- if empty .Values.watch.namespaces }}true{{ end -}}
{{- end }}

{{/* Who has the rights, in role bindings. */}}
{{- define "cmg-operator.subjects" -}}
subjects:
  - kind: ServiceAccount
    name: {{ include "cmg-operator.serviceAccountName" . }}
    namespace: {{ .Release.Namespace }}
{{- end }}

{{/* Ends the rendering with everything that is wrong about the values together, each with what to do about it. */}}
{{- define "cmg-operator.validate" -}}
{{- $problems := list -}}
{{- if not .Values.installationId -}}
{{- $problems = append $problems "installationId is required: it names this installation in the tags of Azure resources. Choose one that no other cluster uses, such as --set installationId=contoso-prod." -}}
{{- end -}}
{{- if not .Values.image.repository -}}
{{- $problems = append $problems "image.repository is required: build the image, push it to a registry of yours, and name it, such as --set image.repository=registry.contoso.com/cmg-operator." -}}
{{- end -}}
{{- $readsAll := eq .Values.secrets.access "All" -}}
{{- $watchesCluster := include "cmg-operator.watchesCluster" . -}}
{{- if and .Values.rbac.create $watchesCluster $readsAll (not .Values.secrets.clusterWide) -}}
{{- $problems = append $problems "watch.namespaces is empty, which means the whole cluster: the operator would watch the Secrets of every namespace, and without the right to it would never become ready. Name the namespaces with CMGs, such as --set 'watch.namespaces={gateways}'; or grant it with --set secrets.clusterWide=true; or name the Secrets, with --set secrets.access=Named and secrets.names." -}}
{{- end -}}
{{- if and .Values.secrets.clusterWide (not (and $watchesCluster $readsAll)) -}}
{{- $problems = append $problems "secrets.clusterWide is true although watch.namespaces or secrets.access limits which Secrets the operator reads. Leave one of them out." -}}
{{- end -}}
{{- if and $readsAll (or .Values.secrets.names .Values.secrets.gateways) -}}
{{- $problems = append $problems "secrets.names and secrets.gateways mean nothing while secrets.access is All. Set it to Named, or leave them out." -}}
{{- end -}}
{{- if and (not $readsAll) .Values.rbac.create (not .Values.secrets.gateways) -}}
{{- $problems = append $problems "secrets.access is Named and secrets.gateways is empty: the operator could keep the running operations of no CMG. Name the CMGs, such as --set 'secrets.gateways={granitefalls}'." -}}
{{- end -}}
{{- if and .Values.monitoring.serviceMonitor.enabled .Values.monitoring.podMonitor.enabled -}}
{{- $problems = append $problems "monitoring.serviceMonitor and monitoring.podMonitor are both enabled, so that every pod would be scraped twice. Enable one of them." -}}
{{- end -}}
{{- if $problems -}}
{{- fail (printf "\n\n- %s\n" (join "\n- " $problems)) -}}
{{- end -}}
{{- end }}

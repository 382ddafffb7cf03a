{{- /* The name that all others are made of. At most 26 characters, so that a CronJob's stays below its 52. */ -}}
{{- define "scrapersky.fullname" -}}
{{- $chart := .Values.nameOverride | default .Chart.Name -}}
{{- $name := .Values.fullnameOverride -}}
{{- if not $name -}}
{{- $name = ternary .Release.Name (printf "%s-%s" .Release.Name $chart) (contains $chart .Release.Name) -}}
{{- end -}}
{{- if gt (len $name) 26 -}}
{{- $name = printf "%s-%s" ($name | trunc 19 | trimSuffix "-") (sha256sum $name | trunc 6) -}}
{{- end -}}
{{- $name -}}
{{- end }}

{{- /* What selects the pods of one component: (dict "root" $ "component" "migration"). */ -}}
{{- define "scrapersky.selector" -}}
app.kubernetes.io/name: {{ .root.Values.nameOverride | default .root.Chart.Name | quote }}
app.kubernetes.io/instance: {{ .root.Release.Name | quote }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- /* Labels of a component's objects, "labels" of its own among them; those of the chart come last, so that nobody overwrites what selectors need. */ -}}
{{- define "scrapersky.labels" -}}
{{- range $key, $value := omit (merge (dict) (.labels | default dict) .root.Values.commonLabels) "app.kubernetes.io/name" "app.kubernetes.io/instance" "app.kubernetes.io/component" "app.kubernetes.io/version" "app.kubernetes.io/managed-by" "helm.sh/chart" }}
{{ $key | quote }}: {{ $value | quote }}
{{- end }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" | trunc 63 }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
{{ include "scrapersky.selector" . }}
{{- end }}

{{- /* Common annotations and others, `annotations: …` or nothing: (dict "root" $ "more" (dict …)). */ -}}
{{- define "scrapersky.annotations" -}}
{{- $all := dict -}}
{{- range $each := list .root.Values.commonAnnotations .more -}}
{{- range $key, $value := $each }}{{ $_ := set $all $key (toString $value) }}{{ end -}}
{{- end -}}
{{- if $all -}}
annotations:
  {{- toYaml $all | nindent 2 }}
{{- end -}}
{{- end }}

{{- /* metadata of an object: (dict "root" $ "component" C "name" N), and "labels" and "annotations" of its own. */ -}}
{{- define "scrapersky.metadata" -}}
name: {{ .name | quote }}
namespace: {{ .root.Release.Namespace | quote }}
labels:
  {{- include "scrapersky.labels" . | trim | nindent 2 }}
{{- with include "scrapersky.annotations" (dict "root" .root "more" (.annotations | default dict)) }}
{{ . }}
{{- end }}
{{- end }}

{{- define "scrapersky.serviceAccount" -}}
{{- .Values.serviceAccount.name | default (ternary (include "scrapersky.fullname" .) "default" .Values.serviceAccount.create) -}}
{{- end }}

{{- /* repository:tag or repository@digest: (dict "image" .Values.image "tag" .Chart.AppVersion). */ -}}
{{- define "scrapersky.image" -}}
{{- if .image.digest -}}
{{ .image.repository }}@{{ .image.digest }}
{{- else -}}
{{ .image.repository }}:{{ .image.tag | default .tag }}
{{- end -}}
{{- end }}

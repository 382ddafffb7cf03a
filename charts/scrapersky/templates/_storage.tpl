{{- /* The spec of a PersistentVolumeClaim, from `persistence` values. */ -}}
{{- define "scrapersky.claim" -}}
accessModes: [ReadWriteOnce]
{{- with .storageClass }}
storageClassName: {{ . | quote }}
{{- end }}
resources:
  requests:
    storage: {{ .size }}
{{- end }}

{{- /* All pods of this release, as a list of one peer. */ -}}
{{- define "scrapersky.ownPods" -}}
- podSelector:
    matchLabels:
      {{- omit (include "scrapersky.selector" (dict "root" . "component" "any") | fromYaml) "app.kubernetes.io/component" | toYaml | nindent 6 }}
{{- end }}

{{- define "scrapersky.labels" -}}
app.kubernetes.io/name: scrapersky
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "scrapersky.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- define "scrapersky.secret" -}}
{{ .Values.database.existingSecret | default (printf "%s-secrets" .Release.Name) }}
{{- end }}

{{- /* Cron's words for "every n minutes, shifted"; fails on what cron cannot say. */ -}}
{{- define "scrapersky.schedule" -}}
{{- $every := int .intervalMinutes -}}
{{- $minute := int .minute -}}
{{- if and (lt $every 60) (eq (mod 60 $every) 0) -}}
{{ mod $minute $every }}-59/{{ $every }} * * * *
{{- else if and (ge $every 60) (eq (mod $every 60) 0) (eq (mod 24 (div $every 60)) 0) -}}
{{ mod $minute 60 }} */{{ div $every 60 }} * * *
{{- else -}}
{{- fail (printf "services.%s.intervalMinutes: cron cannot say every %d minutes; take a divisor of 60 (…, 5, 6, 10, 12, 15, 20, 30) or whole hours that divide a day (60, 120, 180, 240, 360, 480, 720, 1440)" .name $every) -}}
{{- end -}}
{{- end }}

{{- define "scrapersky.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "scrapersky.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{- define "scrapersky.envFrom" -}}
- configMapRef: {name: {{ .Release.Name }}-config}
- secretRef: {name: {{ include "scrapersky.secret" . }}}
{{- end }}

{{- /* Settings of all pods, `NAME: "value"` a line. */ -}}
{{- define "scrapersky.commonConfig" -}}
{{- $config := dict -}}
{{- range $each := list (include "scrapersky.demoConfig" . | fromYaml) .Values.config -}}
{{- range $name, $value := $each }}{{ $_ := set $config $name $value }}{{ end -}}
{{- end -}}
{{- range $name, $value := $config }}
{{ $name }}: {{ include "scrapersky.setting" $value }}
{{- end }}
{{- with include "scrapersky.pushgatewayUrl" . }}
PUSHGATEWAY_URL: {{ . | quote }}
{{- end }}
{{- if .Values.caBundle.configMap }}
FETCH_CA_FILE: /etc/scrapersky/ca/ca.pem
{{- end }}
{{- end }}

{{- define "scrapersky.pushgatewayUrl" -}}
{{- if .Values.pushgateway.enabled -}}
http://{{ include "scrapersky.fullname" . }}-pushgateway:9091
{{- else -}}
{{ .Values.pushgateway.url }}
{{- end -}}
{{- end }}

{{- /* Secrets that the chart keeps, `NAME: "value"` a line; nothing where all are the user's own. */ -}}
{{- define "scrapersky.secretContent" -}}
{{- if .Values.postgresql.enabled }}
DATABASE_URL: {{ printf "postgresql://scrapersky:%s@%s-postgresql:5432/scrapersky" .Values.postgresql.password (include "scrapersky.fullname" .) | quote }}
{{- else if .Values.database.url }}
DATABASE_URL: {{ .Values.database.url | quote }}
{{- end }}
{{- with .Values.places.apiKey }}
GOOGLE_MAPS_API_KEY: {{ . | quote }}
{{- end }}
{{- end }}

{{- /* What the schema cannot say; each complaint says what to do. */ -}}
{{- define "scrapersky.check" -}}
{{- $values := .Values -}}
{{- $databases := len (compact (list $values.database.url $values.database.existingSecret (ternary "postgresql" "" $values.postgresql.enabled))) -}}
{{- if eq $databases 0 }}{{ fail "database: say which PostgreSQL to work on: database.url, or database.existingSecret, or postgresql.enabled for a trial" }}{{ end -}}
{{- if gt $databases 1 }}{{ fail "database: there can be one: keep database.url, or database.existingSecret, or postgresql.enabled" }}{{ end -}}
{{- if and $values.postgresql.enabled (not $values.postgresql.password) }}{{ fail "postgresql.password: choose one; a chart cannot make up a password that stays the same" }}{{ end -}}
{{- if and $values.places.apiKey $values.places.existingSecret }}{{ fail "places: keep apiKey, or existingSecret" }}{{ end -}}
{{- if and $values.pushgateway.enabled $values.pushgateway.url }}{{ fail "pushgateway: keep url, or enabled" }}{{ end -}}
{{- if and $values.demo.enabled $values.caBundle.configMap }}{{ fail "demo: its websites have an authority of their own: keep it, or caBundle.configMap" }}{{ end -}}
{{- if and $values.monitoring.serviceMonitor.enabled (not $values.pushgateway.enabled) }}{{ fail "monitoring.serviceMonitor: watches this release's Pushgateway: set pushgateway.enabled, or monitor yours yourself" }}{{ end -}}
{{- end }}

{{- /* Settings that have the services live in the demo's small Internet, `NAME: value` a line; they are those of `scrapersky demo`. */ -}}
{{- define "scrapersky.demoConfig" -}}
{{- if .Values.demo.enabled }}
FETCH_ALLOW_NETWORKS: {{ .Values.demo.address }}/32,127.0.0.253/32
FETCH_CA_FILE: /etc/scrapersky/demo/ca.pem
FETCH_CONNECT_TIMEOUT: 5
FETCH_HOST_DELAY: 0
FETCH_HOSTS_FILE: /etc/scrapersky/demo/hosts
FETCH_PORT_MAP: 80=8080,443=8443
FETCH_READ_TIMEOUT: 5
FETCH_TOTAL_TIMEOUT: 6
MAX_ATTEMPTS: 3
PLACES_BASE_URL: http://{{ .Values.demo.address }}:8088
RETRY_BASE_SECONDS: 0.5
SITEMAP_MAX_BYTES: 33554432
{{- end }}
{{- end }}

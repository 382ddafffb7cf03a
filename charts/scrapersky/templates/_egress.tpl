{{- /* An egress rule: (dict "to" PEERS "ports" (list …)). No peers: anywhere. */ -}}
{{- define "scrapersky.egress" -}}
- ports:
    {{- range .ports }}
    - protocol: TCP
      port: {{ . }}
    {{- end }}
  {{- with .to }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}

{{- /*
One component's NetworkPolicy; it opens DNS and what is asked for:
(dict "root" $ "component" C "config" (dict …) "database" true "pushgateway" true "internet" true "annotations" (dict …)).
*/ -}}
{{- define "scrapersky.networkPolicy" -}}
{{- $root := .root -}}
{{- $policy := .root.Values.networkPolicy -}}
{{- $config := .config }}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  {{- include "scrapersky.metadata" (dict "root" $root "component" .component "name" (printf "%s-%s" (include "scrapersky.fullname" $root) .component) "annotations" .annotations) | nindent 2 }}
spec:
  podSelector:
    matchLabels:
      {{- include "scrapersky.selector" . | nindent 6 }}
  policyTypes: [Ingress, Egress]
  ingress: []
  egress:
    - ports:
        - {protocol: UDP, port: 53}
        - {protocol: TCP, port: 53}
      {{- with $policy.dns.to }}
      to:
        {{- toYaml . | nindent 8 }}
      {{- end }}
    {{- if .database }}
    {{- if $root.Values.postgresql.enabled }}
    {{- include "scrapersky.egress" (dict "ports" (list 5432) "to" (include "scrapersky.peer" (dict "root" $root "component" "postgresql") | fromYamlArray)) | nindent 4 }}
    {{- else }}
    {{- include "scrapersky.egress" (dict "ports" $policy.database.ports "to" $policy.database.to) | nindent 4 }}
    {{- end }}
    {{- end }}
    {{- if .pushgateway }}
    {{- if $root.Values.pushgateway.enabled }}
    {{- include "scrapersky.egress" (dict "ports" (list 9091) "to" (include "scrapersky.peer" (dict "root" $root "component" "pushgateway") | fromYamlArray)) | nindent 4 }}
    {{- else if $root.Values.pushgateway.url }}
    {{- include "scrapersky.egress" (dict "ports" (list $policy.pushgateway.port) "to" $policy.pushgateway.to) | nindent 4 }}
    {{- end }}
    {{- end }}
    {{- if .internet }}
    {{- if $config.FETCH_PROXY }}
    {{- $authority := regexFind "^https?://(\\[[^]]*\\]|[^/:]*)(:[0-9]+)?" $config.FETCH_PROXY }}
    {{- $port := regexFind ":[0-9]+$" $authority | trimPrefix ":" | default (ternary "443" "80" (hasPrefix "https:" $config.FETCH_PROXY)) | int }}
    {{- include "scrapersky.egress" (dict "ports" (list $port) "to" $policy.proxy.to) | nindent 4 }}
    {{- else }}
    {{- $ports := list }}
    {{- range splitList "," ($config.FETCH_ALLOW_PORTS | default "80,443") }}{{ $ports = append $ports (trim . | int) }}{{ end }}
    {{- include "scrapersky.egress" (dict "ports" $ports "to" (list
      (dict "ipBlock" (dict "cidr" "0.0.0.0/0" "except" $policy.privateRanges))
      (dict "ipBlock" (dict "cidr" "2000::/3" "except" $policy.privateRanges6)))) | nindent 4 }}
    {{- $allowed := list }}
    {{- range splitList "," ($config.FETCH_ALLOW_NETWORKS | default "") }}
    {{- with trim . }}{{ $allowed = append $allowed (dict "ipBlock" (dict "cidr" .)) }}{{ end }}
    {{- end }}
    {{- range splitList "," ($config.FETCH_PORT_MAP | default "") }}
    {{- with trim . }}{{ $ports = append $ports (splitList "=" . | last | int) }}{{ end }}
    {{- end }}
    {{- if $allowed }}
    {{- include "scrapersky.egress" (dict "ports" (uniq $ports) "to" $allowed) | nindent 4 }}
    {{- end }}
    {{- end }}
    {{- end }}
    {{- if and .internet $root.Values.demo.enabled }}
    {{- include "scrapersky.egress" (dict "ports" (list 8080 8443 8088) "to" (include "scrapersky.peer" (dict "root" $root "component" "small-internet") | fromYamlArray)) | nindent 4 }}
    {{- end }}
    {{- with $policy.extraEgress }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end }}

{{- /* Pods of one component of this release, as a list of one peer. */ -}}
{{- define "scrapersky.peer" -}}
- podSelector:
    matchLabels:
      {{- include "scrapersky.selector" . | nindent 6 }}
{{- end }}

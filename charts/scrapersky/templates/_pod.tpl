{{- /* The restricted Pod Security Standard: (dict "user" 65532). */ -}}
{{- define "scrapersky.podSecurity" -}}
runAsNonRoot: true
runAsUser: {{ .user }}
runAsGroup: {{ .user }}
fsGroup: {{ .user }}
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "scrapersky.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{- /* Names of the ConfigMap and the Secret; a hook that runs before the release exists has copies of its own. */ -}}
{{- define "scrapersky.configName" -}}
{{ include "scrapersky.fullname" .root }}-{{ ternary "migration" "config" .beforeRelease }}
{{- end }}

{{- /* A secret's source: (dict "root" $ "from" .Values.database "beforeRelease" false "key" K). */ -}}
{{- define "scrapersky.secretKey" -}}
secretKeyRef:
  name: {{ .from.existingSecret | default (include "scrapersky.configName" .) | quote }}
  key: {{ ternary .from.key .key (ne .from.existingSecret "") | quote }}
{{- end }}

{{- /* A setting's value as a string; numbers in full, for Go would write 536870912 as 5.36870912e+08. */ -}}
{{- define "scrapersky.setting" -}}
{{- ternary . (toJson .) (kindIs "string" .) | quote -}}
{{- end }}

{{- /*
The template of every ScraperSky pod:
(dict "root" $ "service" S "component" C "container" N "command" (list …) "environment" (dict …) "resources" R "beforeRelease" false
"restartPolicy" "Never" "annotations" (dict …)). S is a service, or the defaults with a "name" and an "effective" config.
*/ -}}
{{- define "scrapersky.pod" -}}
{{- $root := .root -}}
{{- $values := .root.Values -}}
{{- $service := .service -}}
{{- $config := include "scrapersky.commonConfig" $root -}}
{{- $component := .component -}}
{{- $demo := and $values.demo.enabled (not .beforeRelease) -}}
metadata:
  labels:
    {{- range $key, $value := $service.podLabels }}
    {{ $key | quote }}: {{ $value | quote }}
    {{- end }}
    {{- include "scrapersky.labels" . | trim | nindent 4 }}
  annotations:
    {{- range $key, $value := merge (dict "checksum/configuration" (sha256sum (print $config (include "scrapersky.secretContent" $root)))) $service.podAnnotations $values.commonAnnotations }}
    {{ $key | quote }}: {{ $value | quote }}
    {{- end }}
spec:
  restartPolicy: {{ .restartPolicy }}
  {{- if or (not .beforeRelease) (not $values.serviceAccount.create) }}
  serviceAccountName: {{ include "scrapersky.serviceAccount" $root | quote }}
  {{- end }}
  automountServiceAccountToken: false
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ include "scrapersky.gracePeriod" (dict "service" $service) }}
  securityContext:
    {{- include "scrapersky.podSecurity" (dict "user" 65532) | nindent 4 }}
  {{- with $values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $service.priorityClassName }}
  priorityClassName: {{ . | quote }}
  {{- end }}
  {{- range $key := list "nodeSelector" "affinity" "tolerations" }}
  {{- with get $service $key }}
  {{ $key }}:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- end }}
  {{- with $service.topologySpreadConstraints }}
  topologySpreadConstraints:
    {{- range . }}
    - {{- $selected := . }}
      {{- if not (hasKey . "labelSelector") }}
      {{- $selected = set (deepCopy .) "labelSelector" (dict "matchLabels" (include "scrapersky.selector" (dict "root" $root "component" $component) | fromYaml)) }}
      {{- end }}
      {{- toYaml $selected | nindent 6 }}
    {{- end }}
  {{- end }}
  containers:
    - name: {{ .container }}
      image: {{ include "scrapersky.image" (dict "image" $values.image "tag" $root.Chart.AppVersion) | quote }}
      imagePullPolicy: {{ $values.image.pullPolicy }}
      command:
        {{- toYaml .command | nindent 8 }}
      envFrom:
        - configMapRef:
            name: {{ include "scrapersky.configName" . | quote }}
        {{- with $values.extraEnvFrom }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      env:
        - name: POD_NAME
          valueFrom:
            fieldRef:
              fieldPath: metadata.name
        - name: DATABASE_URL
          valueFrom:
            {{- include "scrapersky.secretKey" (dict "root" $root "from" $values.database "beforeRelease" .beforeRelease "key" "DATABASE_URL") | nindent 12 }}
        {{- if or $values.places.apiKey $values.places.existingSecret }}
        - name: GOOGLE_MAPS_API_KEY
          valueFrom:
            {{- include "scrapersky.secretKey" (dict "root" $root "from" $values.places "beforeRelease" .beforeRelease "key" "GOOGLE_MAPS_API_KEY") | nindent 12 }}
        {{- end }}
        {{- range $name, $value := .environment }}
        - name: {{ $name }}
          value: {{ include "scrapersky.setting" $value }}
        {{- end }}
        {{- with concat $values.extraEnv $service.extraEnv }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      resources:
        {{- toYaml .resources | nindent 8 }}
      securityContext:
        {{- include "scrapersky.containerSecurity" $ | nindent 8 }}
      volumeMounts:
        - name: tmp
          mountPath: /tmp
        {{- if $values.caBundle.configMap }}
        - name: ca-bundle
          mountPath: /etc/scrapersky/ca
          readOnly: true
        {{- end }}
        {{- if $demo }}
        - name: demo
          mountPath: /etc/scrapersky/demo
          readOnly: true
        {{- end }}
        {{- with $values.extraVolumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
  volumes:
    - name: tmp
      emptyDir: {}
    {{- if $values.caBundle.configMap }}
    - name: ca-bundle
      configMap:
        name: {{ $values.caBundle.configMap | quote }}
        items:
          - key: {{ $values.caBundle.key | quote }}
            path: ca.pem
    {{- end }}
    {{- if $demo }}
    - name: demo
      configMap:
        name: {{ include "scrapersky.fullname" $root }}-small-internet
    {{- end }}
    {{- with $values.extraVolumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end }}

{{- /* A wrong setting fails the Job at once; a drained node or a preempted pod does not count: (dict "container" N). */ -}}
{{- define "scrapersky.podFailurePolicy" -}}
rules:
  - action: FailJob
    onExitCodes:
      containerName: {{ .container }}
      operator: In
      values: [78]
  - action: Ignore
    onPodConditions:
      - type: DisruptionTarget
        status: "True"
{{- end }}

{{- /* The defaults, for pods that are none of the five services, as JSON. */ -}}
{{- define "scrapersky.noService" -}}
{{- toJson (merge (dict "name" "" "effective" .Values.config "extraEnv" list) (omit .Values.serviceDefaults "extraEnv")) -}}
{{- end }}

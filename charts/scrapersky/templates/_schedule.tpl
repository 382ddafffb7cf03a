{{- /* Cron's words for a service's interval and start minute; fails, with the nearest that it can say, on what cron cannot. */ -}}
{{- define "scrapersky.schedule" -}}
{{- $every := int .intervalMinutes -}}
{{- $minute := int .startMinute -}}
{{- if .schedule -}}
{{ .schedule }}
{{- else if not (has $every (list 1 2 3 4 5 6 10 12 15 20 30 60 120 180 240 360 480 720 1440)) -}}
{{- $below := 1 -}}
{{- $above := 1440 -}}
{{- range list 1 2 3 4 5 6 10 12 15 20 30 60 120 180 240 360 480 720 1440 -}}
{{- if lt . $every }}{{ $below = . }}{{ end -}}
{{- if and (gt . $every) (lt . $above) }}{{ $above = . }}{{ end -}}
{{- end -}}
{{- fail (printf "services.%s.intervalMinutes: cron cannot say every %d minutes; the nearest that it can are %d and %d" .name $every $below $above) -}}
{{- else if eq $every 1 -}}
* * * * *
{{- else if lt $every 60 -}}
{{ mod $minute $every }}-59/{{ $every }} * * * *
{{- else if eq $every 60 -}}
{{ $minute }} * * * *
{{- else if eq $every 1440 -}}
{{ $minute }} 0 * * *
{{- else -}}
{{ $minute }} */{{ div $every 60 }} * * *
{{- end -}}
{{- end }}

{{- /* The minutes of an hour in which a service may start, as a list in JSON; all of them for a schedule of the user's. */ -}}
{{- define "scrapersky.minutes" -}}
{{- $minutes := list -}}
{{- $step := ternary 1 (min 60 (int .intervalMinutes) | int) (ne .schedule "") -}}
{{- range untilStep (mod (int .startMinute) $step | int) 60 $step }}{{ $minutes = append $minutes (toString .) }}{{ end -}}
{{- toJson $minutes -}}
{{- end }}

{{- /* Cron knows no seconds: a service that may start in the same minute as another waits 10 for each name before its own. */ -}}
{{- define "scrapersky.startDelay" -}}
{{- $root := .root -}}
{{- $service := .service -}}
{{- if not (kindIs "invalid" $service.startDelaySeconds) -}}
{{- int $service.startDelaySeconds -}}
{{- else -}}
{{- $mine := include "scrapersky.minutes" $service | fromJsonArray -}}
{{- $rank := 0 -}}
{{- $met := false -}}
{{- range $name := keys .root.Values.services | sortAlpha -}}
{{- if lt $name $service.name }}{{ $rank = add1 $rank }}{{ end -}}
{{- $other := include "scrapersky.service" (dict "root" $root "name" $name) | fromJson -}}
{{- if and (ne $name $service.name) $other.enabled -}}
{{- range (include "scrapersky.minutes" $other | fromJsonArray) }}{{ if has . $mine }}{{ $met = true }}{{ end }}{{ end -}}
{{- end -}}
{{- end -}}
{{- ternary (mul 10 $rank) 0 $met -}}
{{- end -}}
{{- end }}

{{- /* A service's entry over the defaults, as JSON: (dict "root" $ "name" N). Key by key, for `merge` takes a 0 for nothing. */ -}}
{{- define "scrapersky.service" -}}
{{- $merged := dict -}}
{{- range $each := list .root.Values.serviceDefaults (index .root.Values.services .name | default dict) -}}
{{- range $key, $value := $each }}{{ $_ := set $merged $key $value }}{{ end -}}
{{- end -}}
{{- $config := dict -}}
{{- range $each := list .root.Values.config .root.Values.serviceDefaults.config $merged.config -}}
{{- range $key, $value := $each }}{{ $_ := set $config $key $value }}{{ end -}}
{{- end -}}
{{- $_ := set $merged "effective" $config -}}
{{- $_ := set $merged "name" .name -}}
{{- toJson $merged -}}
{{- end }}

{{- /* Seconds in whole numbers, up. */ -}}
{{- define "scrapersky.seconds" -}}
{{- . | float64 | ceil | int -}}
{{- end }}

{{- /* The seed's names of a service's settings. */ -}}
{{- define "scrapersky.prefix" -}}
{{- get (dict "domain-scheduler" "DOMAIN_SCHEDULER" "domain-sitemap-submission" "DOMAIN_SITEMAP_SCHEDULER" "sitemap-scheduler" "SITEMAP_SCHEDULER" "sitemap-import" "SITEMAP_IMPORT_SCHEDULER" "local-business-enrichment" "LOCAL_BUSINESS_SCHEDULER") . -}}
{{- end }}

{{- /* When a run is stopped for good; refuses what is too short for a run that does what it may. */ -}}
{{- define "scrapersky.activeDeadline" -}}
{{- $delay := include "scrapersky.startDelay" . | int -}}
{{- $row := include "scrapersky.seconds" (get .service.effective "ROW_TIMEOUT_SECONDS" | default 900) | int -}}
{{- $grace := include "scrapersky.seconds" (ternary .service.effective.GRACE_SECONDS 20 (hasKey .service.effective "GRACE_SECONDS")) | int -}}
{{- $least := add $delay (int .service.timeBudgetSeconds) $row $grace | int -}}
{{- if kindIs "invalid" .service.activeDeadlineSeconds -}}
{{- add $least 60 -}}
{{- else if le (int .service.activeDeadlineSeconds) $least -}}
{{- fail (printf "services.%s.activeDeadlineSeconds: %d would stop runs that are well; start delay (%d), timeBudgetSeconds (%d), ROW_TIMEOUT_SECONDS (%d) and GRACE_SECONDS (%d) take %d together: give more, or null" .service.name (int .service.activeDeadlineSeconds) $delay (int .service.timeBudgetSeconds) $row $grace $least) -}}
{{- else -}}
{{- int .service.activeDeadlineSeconds -}}
{{- end -}}
{{- end }}

{{- /* How long a pod may take to stop; refuses what would kill it while it gives its rows back. */ -}}
{{- define "scrapersky.gracePeriod" -}}
{{- $grace := include "scrapersky.seconds" (ternary .service.effective.GRACE_SECONDS 20 (hasKey .service.effective "GRACE_SECONDS")) | int -}}
{{- if kindIs "invalid" .service.terminationGracePeriodSeconds -}}
{{- add $grace 25 -}}
{{- else if le (int .service.terminationGracePeriodSeconds) $grace -}}
{{- fail (printf "services.%s.terminationGracePeriodSeconds: %d is not more than GRACE_SECONDS (%d), and rows have to be given back after that: give at least %d, or null" .service.name (int .service.terminationGracePeriodSeconds) $grace (add $grace 10)) -}}
{{- else -}}
{{- int .service.terminationGracePeriodSeconds -}}
{{- end -}}
{{- end }}

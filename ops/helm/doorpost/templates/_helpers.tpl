{{- define "doorpost.selector" -}}
app.kubernetes.io/name: doorpost
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "doorpost.labels" -}}
{{ include "doorpost.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- /* Not empty if sessions are in Redis: then no instance has anything of its own. */}}
{{- define "doorpost.redis" -}}
{{- if regexMatch "(?m)^[ \\t]*store[ \\t]+redis[ \\t]" .Values.caddyfile }}yes{{ end }}
{{- end }}

{{- define "doorpost.probe" -}}
exec:
  command: [/usr/bin/doorpost, health, --address, localhost:2019]
timeoutSeconds: 5
{{- end }}

{{- define "farplay.labels" -}}
app.kubernetes.io/name: farplay
app.kubernetes.io/component: broker
{{- end }}
{{- define "farplay.metadata" -}}
namespace: {{ .Release.Namespace }}
labels:
  {{- include "farplay.labels" . | nindent 2 }}
{{- end }}

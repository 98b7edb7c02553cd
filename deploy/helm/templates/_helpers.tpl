{{- define "learntrack.name" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 50 | trimSuffix "-" }}{{ else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 50 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "learntrack.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "learntrack.labels" -}}
{{ include "learntrack.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "learntrack.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{/* What runs the service's image, as the service or as a job: what it is told, and what it may not. */}}
{{- define "learntrack.container" -}}
image: {{ include "learntrack.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
env:
  - {name: LEARNTRACK_MONGODB_URI_FILE, value: /run/secrets/learntrack/{{ .Values.secret.mongodbUri }}}
  {{- with .Values.secret.jwtSecret }}
  - {name: LEARNTRACK_JWT_SECRET_FILE, value: /run/secrets/learntrack/{{ . }}}
  {{- end }}
  {{- with .Values.secret.jwtPreviousSecret }}
  - {name: LEARNTRACK_JWT_PREVIOUS_SECRET_FILE, value: /run/secrets/learntrack/{{ . }}}
  {{- end }}
  {{- with .Values.secret.metricsToken }}
  - {name: LEARNTRACK_METRICS_TOKEN_FILE, value: /run/secrets/learntrack/{{ . }}}
  {{- end }}
  {{- range $name, $value := .Values.settings }}
  - {name: LEARNTRACK_{{ $name }}, value: {{ $value | quote }}}
  {{- end }}
resources: {{- toYaml .Values.resources | nindent 2 }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
{{- end }}

{{- define "learntrack.mounts" -}}
- {name: secrets, mountPath: /run/secrets/learntrack, readOnly: true}
- {name: tmp, mountPath: /tmp}
{{- end }}

{{- define "learntrack.pod" -}}
enableServiceLinks: false  # else LEARNTRACK_PORT would be the service's address
automountServiceAccountToken: false
{{- with .Values.imagePullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  seccompProfile: {type: RuntimeDefault}
{{- with .Values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "learntrack.volumes" -}}
- name: secrets
  secret: {secretName: {{ .Values.secret.name | quote }}, defaultMode: 0440}
- name: tmp
  emptyDir: {}
{{- end }}

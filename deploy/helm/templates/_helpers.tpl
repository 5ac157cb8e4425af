{{- define "edc-job-provisioner.name" -}}
{{- $name := .Release.Name }}
{{- if not (contains .Chart.Name $name) }}{{ $name = printf "%s-%s" $name .Chart.Name }}{{ end }}
{{- $name | trunc 50 | trimSuffix "-" }}
{{- end }}

{{- define "edc-job-provisioner.selector" -}}
app.kubernetes.io/name: {{ include "edc-job-provisioner.name" . }}
{{- end }}

{{- define "edc-job-provisioner.labels" -}}
{{ include "edc-job-provisioner.selector" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- define "edc-job-provisioner.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- define "edc-job-provisioner.settings" -}}
{{- $own := dict
  "http" (dict "metricsPort" 9090)
  "cluster" (dict "namespace" .Values.jobs.namespace)
  "images" (dict "sidecar" (include "edc-job-provisioner.image" .)) }}
{{- mergeOverwrite (deepCopy .Values.settings) $own | toYaml }}
{{- end }}

{{- /* The names of ConfigMaps hold a digest of their content: changed ones roll out the Deployment, and pods that run keep theirs. */}}
{{- define "edc-job-provisioner.settingsName" -}}
{{ include "edc-job-provisioner.name" . }}-settings-{{ include "edc-job-provisioner.settings" . | sha256sum | trunc 10 }}
{{- end }}

{{- define "edc-job-provisioner.templateName" -}}
template-{{ .name }}-{{ toYaml .files | sha256sum | trunc 10 }}
{{- end }}

{{- define "edc-job-provisioner.dns" -}}
to:
  - namespaceSelector:
      matchLabels: { kubernetes.io/metadata.name: kube-system }
    podSelector:
      matchLabels: { k8s-app: kube-dns }
ports:
  - { protocol: UDP, port: 53 }
  - { protocol: TCP, port: 53 }
{{- end }}

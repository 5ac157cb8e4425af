export interface ShellTemplate {
  /** Run by `sh -c`. */
  script: string;
  /** Default: the smallest that has a shell. */
  image?: string;
  memory?: string;
  /** Members of `template.yaml`. */
  parameters?: object;
  limits?: Record<string, string>;
  size?: string;
  retention?: string;
  tolerations?: object[];
  files?: Record<string, string>;
}

/** A template whose worker is a few lines of shell; for `startWorld({ templates: { name: shellTemplate({ … }) } })`. */
export function shellTemplate(wanted: ShellTemplate): Record<string, string> {
  const { script, image = 'busybox:1.37', memory = '256Mi', limits = {}, size = '64Mi' } = wanted;
  const { tolerations = [], files = {}, retention, parameters } = wanted;
  const worker = {
    name: 'worker',
    image,
    command: ['sh', '-c', script],
    resources: { requests: { cpu: '50m', memory: '32Mi' }, limits: { cpu: '1', memory } },
  };
  const pod = { restartPolicy: 'Never', tolerations, containers: [worker] };
  const spec = { template: { spec: pod } };
  const job = { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'shell' }, spec };
  const description = 'Made by a test.';
  const mounted = Object.keys(files).length === 0 ? {} : { files: { mountPath: '/files' } };
  const template = { description, parameters, results: { storage: { size } }, limits, retention, ...mounted };
  const named = Object.entries(files).map(([name, content]) => [`files/${name}`, content]);
  // JSON is YAML.
  return {
    'template.yaml': JSON.stringify(template),
    'job.yaml': JSON.stringify(job),
    ...(Object.fromEntries(named) as Record<string, string>),
  };
}

import { Type } from 'typebox';
import { callerOf } from '../../access/caller.ts';
import { closed } from '../../../schemas/kinds.ts';
import { bodyReader } from '../../../schemas/read-body.ts';
import type { HttpContext } from '../../route.ts';
import { StartSchema } from '../api/jobs/job-schema.ts';
import { jobOfKey } from '../api/jobs/start-job.ts';
import { listOf } from './change-list.ts';
import type { AnswerChange, CompatibilityDeps, CompatibilityEntry } from './compatibility-entry.ts';
import { requireTemplate } from './require-template.ts';
import type { RewrittenRequest } from './call-route.ts';

/** The label of a job that has its task's id. */
const label = 'task_id';

const TaskSchema = closed({
  // Also the value of a label, for which Kubernetes has this rule.
  task_id: Type.String({
    title: 'letters, digits, -, _ and ., at most 63, the first and last a letter or digit',
    pattern: '^[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$',
    description: 'The caller’s own: a repeat with the same task gets the same job.',
  }),
  data: Type.Unknown({ description: 'Any JSON; the template gets it as the parameter that is configured.' }),
  priority: StartSchema.properties.priority,
});

const readTask = bodyReader(TaskSchema);

const task = { task: 'The task’s id.' };

const asTask: AnswerChange = {
  change: withTaskId,
  schema: withTaskIdSchema,
};

/** Paths of a service whose callers choose the ids of tasks. A task is a job with that id as a label and as its idempotency key. */
export const taskEntries: CompatibilityEntry[] = [
  {
    method: 'POST',
    path: '/tasks',
    operationId: 'createTask',
    summary: 'Start a job with an id of the caller’s choice',
    onto: 'POST /api/v1/jobs',
    startsJob: true,
    body: { kind: 'json', name: 'Task', schema: TaskSchema },
    rewrite: startTask,
    answer: asTask,
  },
  {
    method: 'GET',
    path: '/tasks',
    operationId: 'listTasks',
    summary: 'List tasks, the latest first',
    onto: 'GET /api/v1/jobs',
    rewrite({ querystring }) {
      const query = new URLSearchParams(querystring);
      const own = query.get('label_selector');
      query.set('label_selector', own === null ? label : `${label},${own}`);
      return { query };
    },
    answer: listOf(asTask),
  },
  {
    method: 'GET',
    path: '/tasks/:task',
    operationId: 'getTask',
    summary: 'Look at a task',
    onto: 'GET /api/v1/jobs/:job',
    parameters: task,
    rewrite: jobOfTask,
    answer: asTask,
  },
  {
    method: 'DELETE',
    path: '/tasks/:task',
    operationId: 'deleteTask',
    summary: 'Delete the results of a task; one that runs is cancelled',
    onto: 'DELETE /api/v1/jobs/:job',
    parameters: task,
    rewrite: jobOfTask,
    answer: asTask,
  },
];

async function startTask(
  ctx: HttpContext,
  { settings, templates }: CompatibilityDeps,
): Promise<RewrittenRequest> {
  const { task_id: id, data, priority } = readTask(await ctx.state.readJson());
  const { taskTemplate: template, taskParameter: parameter } = settings;
  requireTemplate(templates, 'taskTemplate', template);
  return {
    headers: { 'idempotency-key': keyOf(id) },
    body: {
      template,
      parameters: { [parameter]: JSON.stringify(data) },
      labels: { [label]: id },
      ...(priority === undefined ? {} : { priority }),
    },
  };
}

function jobOfTask(ctx: HttpContext): RewrittenRequest {
  const { task: id = '' } = ctx.params;
  return { params: { job: jobOfKey(callerOf(ctx), keyOf(id)) } };
}

/** No other request of the API has such a key by chance. */
function keyOf(task: string): string {
  return `tasks/${task}`;
}

function withTaskId(job: unknown): unknown {
  const { labels = {} } = job as { labels?: Record<string, string> };
  return { [label]: labels[label], ...(job as object) };
}

function withTaskIdSchema(schema: object): object {
  const { properties = {}, required = [] } = schema as { properties?: object; required?: string[] };
  const id = { type: 'string', description: 'As its caller has named it.' };
  return { ...schema, required: [label, ...required], properties: { [label]: id, ...properties } };
}

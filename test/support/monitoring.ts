/** A Prometheus rules file whose rules are all alerts. */
export interface Rules {
  groups: {
    name: string;
    rules: { alert: string; expr: string; for: string; annotations: Record<string, string> }[];
  }[];
}

export interface Dashboard {
  panels: { title: string; targets: { expr: string }[] }[];
}

/** With an interval in place of Grafana's variable. */
export function dashboardQueries({ panels }: Dashboard): string[] {
  return panels.flatMap(({ targets }) =>
    targets.map(({ expr }) => expr.replaceAll('$__rate_interval', '5m')),
  );
}

/** The names of the metrics in a query: each has a selector. */
export function metricNamesIn(query: string): string[] {
  return [...query.matchAll(/([a-z_]+)\{/g)].map(([, name = '']) => name);
}

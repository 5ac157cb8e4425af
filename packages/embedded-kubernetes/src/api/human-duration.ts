const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** Two units at most, less precise the longer it is: `45s`, `2m5s`, `3h10m`, `2d4h`, `11d`. */
export function humanDuration(milliseconds: number): string {
  const time = Math.max(milliseconds, 0);
  if (time < 2 * minute) return `${Math.floor(time / second)}s`;
  if (time < 10 * minute) return withRest(time, { unit: minute, name: 'm', rest: second, restName: 's' });
  if (time < 3 * hour) return `${Math.floor(time / minute)}m`;
  if (time < 8 * hour) return withRest(time, { unit: hour, name: 'h', rest: minute, restName: 'm' });
  if (time < 2 * day) return `${Math.floor(time / hour)}h`;
  if (time < 8 * day) return withRest(time, { unit: day, name: 'd', rest: hour, restName: 'h' });
  return `${Math.floor(time / day)}d`;
}

interface Units {
  unit: number;
  name: string;
  rest: number;
  restName: string;
}

function withRest(time: number, { unit, name, rest, restName }: Units): string {
  const whole = Math.floor(time / unit);
  const remainder = Math.floor((time - whole * unit) / rest);
  return remainder === 0 ? `${whole}${name}` : `${whole}${name}${remainder}${restName}`;
}

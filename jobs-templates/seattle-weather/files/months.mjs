// Days to months: the numbers of the summary.
const names = ['January', 'February', 'March', 'April', 'May', 'June'];
names.push('July', 'August', 'September', 'October', 'November', 'December');

export function summarizeYear(year, days, unit) {
  const months = names.map((name, index) => {
    const prefix = `${year}-${String(index + 1).padStart(2, '0')}-`;
    return { month: name, ...summarize(days.filter(({ date }) => date.startsWith(prefix)), unit) };
  });
  return { place: 'Seattle', source: 'NOAA', year, unit, ...summarize(days, unit), months };
}

function summarize(days, unit) {
  const temperatures = (name) => days.map((day) => inUnit(Number(day[name]), unit));
  const rain = days.map(({ precipitation }) => Number(precipitation));
  return {
    days: days.length,
    averageHigh: round(average(temperatures('temp_max'))),
    averageLow: round(average(temperatures('temp_min'))),
    highest: round(Math.max(...temperatures('temp_max'))),
    lowest: round(Math.min(...temperatures('temp_min'))),
    precipitationMillimetres: round(rain.reduce((sum, value) => sum + value, 0)),
    rainyDays: rain.filter((value) => value > 0).length,
    averageWind: round(average(days.map(({ wind }) => Number(wind)))),
    weather: count(days.map(({ weather }) => weather)),
  };
}

function inUnit(celsius, unit) {
  return unit === 'fahrenheit' ? (celsius * 9) / 5 + 32 : celsius;
}

function average(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function count(values) {
  const counts = {};
  for (const value of [...values].sort()) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}

function round(value) {
  return Math.round(value * 10) / 10;
}

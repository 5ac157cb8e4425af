// The year as an SVG: precipitation as bars, temperatures as a band between the average low and high of each month.
const width = 880;
const height = 470;
const plot = { left: 64, right: 816, top: 84, bottom: 404 };
const ink = '#24323d';
const pale = '#70808c';
const water = '#86b4d4';
const warm = '#d9643a';
const cold = '#3f6fb0';

export function drawChart(summary) {
  const { months } = summary;
  const rainTop = roundUp(Math.max(...months.map((month) => month.precipitationMillimetres)), 50);
  const low = roundDown(Math.min(...months.map((month) => month.averageLow)), 5);
  const high = roundUp(Math.max(...months.map((month) => month.averageHigh)), 5);
  const step = (plot.right - plot.left) / months.length;
  const x = (index) => plot.left + (index + 0.5) * step;
  const yRain = (value) => plot.bottom - (value / rainTop) * (plot.bottom - plot.top);
  const yTemperature = (value) => plot.bottom - ((value - low) / (high - low)) * (plot.bottom - plot.top);
  const highs = months.map((month, index) => [x(index), yTemperature(month.averageHigh)]);
  const lows = months.map((month, index) => [x(index), yTemperature(month.averageLow)]);
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" role="img">`,
    `<title>Weather in Seattle, ${summary.year}</title>`,
    '<defs><linearGradient id="band" x1="0" y1="0" x2="0" y2="1">',
    `<stop offset="0" stop-color="${warm}" stop-opacity="0.55"/><stop offset="1" stop-color="${cold}" stop-opacity="0.35"/>`,
    '</linearGradient></defs>',
    `<rect width="${width}" height="${height}" fill="#fbfaf7"/>`,
    ...heading(summary),
    ...grid({ low, high, rainTop, yTemperature }, summary.unit),
    ...months.map((month, index) => bar(month, { x: x(index), y: yRain(month.precipitationMillimetres), step })),
    `<path d="${curve(highs)} L${point(lows.at(-1))}${curve([...lows].reverse()).replace(/^M\S+/, '')} Z" fill="url(#band)"/>`,
    `<path d="${curve(highs)}" fill="none" stroke="${warm}" stroke-width="2.5"/>`,
    `<path d="${curve(lows)}" fill="none" stroke="${cold}" stroke-width="2.5"/>`,
    ...months.flatMap((month, index) => [
      dot(highs[index], warm, `${month.month}: ${month.averageHigh} on average at the highest`),
      dot(lows[index], cold, `${month.month}: ${month.averageLow} on average at the lowest`),
      text({ x: x(index), y: plot.bottom + 24, anchor: 'middle', fill: ink, size: 13 }, month.month.slice(0, 3)),
    ]),
    ...legend(),
    '</svg>',
  ].join('\n')}\n`;
}

function heading({ year, days, precipitationMillimetres, rainyDays, highest, lowest, unit }) {
  const degrees = unitSign(unit);
  const facts = `${lowest} to ${highest} ${degrees} · ${precipitationMillimetres} mm of precipitation on ${rainyDays} of ${days} days`;
  return [
    text({ x: plot.left, y: 38, fill: ink, size: 22, weight: 600 }, `Weather in Seattle, ${year}`),
    text({ x: plot.left, y: 60, fill: pale, size: 13 }, facts),
  ];
}

function grid({ low, high, rainTop, yTemperature }, unit) {
  const lines = [];
  const stepSize = (high - low) / 5;
  for (let index = 0; index <= 5; index += 1) {
    const value = low + index * stepSize;
    const y = yTemperature(value);
    lines.push(
      `<line x1="${plot.left}" y1="${fixed(y)}" x2="${plot.right}" y2="${fixed(y)}" stroke="#e4e0d8"/>`,
      text({ x: plot.left - 10, y: y + 4, anchor: 'end', fill: pale, size: 12 }, `${fixed(value)}${unitSign(unit)}`),
      text({ x: plot.right + 10, y: y + 4, fill: pale, size: 12 }, `${fixed((rainTop / 5) * index)} mm`),
    );
  }
  return lines;
}

function bar({ month, precipitationMillimetres }, { x, y, step }) {
  const size = step * 0.56;
  const shape = `x="${fixed(x - size / 2)}" y="${fixed(y)}" width="${fixed(size)}" height="${fixed(plot.bottom - y)}" rx="3"`;
  return `<rect ${shape} fill="${water}" fill-opacity="0.7"><title>${month}: ${precipitationMillimetres} mm</title></rect>`;
}

function legend() {
  const entries = [
    ['average high', warm],
    ['average low', cold],
    ['precipitation', water],
  ];
  return entries.flatMap(([label, colour], index) => {
    const x = plot.left + index * 150;
    return [
      `<rect x="${x}" y="${height - 28}" width="14" height="14" rx="3" fill="${colour}"/>`,
      text({ x: x + 22, y: height - 16, fill: ink, size: 13 }, label),
    ];
  });
}

// Cubic pieces with level tangents at half way: smooth, and never beyond its points.
function curve(points) {
  const [first, ...others] = points;
  let from = first;
  const pieces = others.map((to) => {
    const middle = (from[0] + to[0]) / 2;
    const piece = `C${point([middle, from[1]])} ${point([middle, to[1]])} ${point(to)}`;
    from = to;
    return piece;
  });
  return `M${point(first)} ${pieces.join(' ')}`;
}

function dot(at, colour, label) {
  const [cx, cy] = at.map(fixed);
  return `<circle cx="${cx}" cy="${cy}" r="4" fill="#fbfaf7" stroke="${colour}" stroke-width="2"><title>${label}</title></circle>`;
}

function text({ x, y, anchor = 'start', fill, size, weight = 400 }, content) {
  const style = `text-anchor="${anchor}" fill="${fill}" font-size="${size}" font-weight="${weight}"`;
  return `<text x="${fixed(x)}" y="${fixed(y)}" ${style}>${content}</text>`;
}

function point([x, y]) {
  return `${fixed(x)},${fixed(y)}`;
}

function fixed(value) {
  return String(Math.round(value * 10) / 10);
}

function roundUp(value, step) {
  return Math.ceil(value / step) * step;
}

function roundDown(value, step) {
  return Math.floor(value / step) * step;
}

function unitSign(unit) {
  return unit === 'fahrenheit' ? '°F' : '°C';
}

// In place of mathjs (9 MB, half a second to load): the five functions that danfojs calls of it, of a list of numbers.
// NaN where the values don't say: of none, and how one value varies.

exports.mean = mean;
exports.variance = variance;
exports.std = (values) => Math.sqrt(variance(values));
exports.median = (values) => {
  const sorted = Float64Array.from(values, Number).sort();
  const half = Math.floor(sorted.length / 2);
  if (sorted.length === 0) return Number.NaN;
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
};

/** All values that are there most often. */
exports.mode = (values) => {
  const counts = new Map();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  let most = 0;
  for (const count of counts.values()) most = Math.max(most, count);
  return [...counts].filter(([, count]) => count === most).map(([value]) => value);
};

function mean(values) {
  let sum = 0;
  for (const value of values) sum += Number(value);
  return sum / values.length;
}

/** Of a sample. */
function variance(values) {
  const middle = mean(values);
  let squares = 0;
  for (const value of values) squares += (Number(value) - middle) ** 2;
  return values.length < 2 ? Number.NaN : squares / (values.length - 1);
}

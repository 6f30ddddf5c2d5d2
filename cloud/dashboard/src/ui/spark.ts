/** The small line beside a number: points to an SVG path, with gaps where nothing was measured (pure). */

export interface Box {
  width: number;
  height: number;
}

/**
 * An SVG path through the points (`at` ms ascending, `value` or null) from `from` to `to`, scaled to `box`.
 * A null, or more than `gapMs` of nothing, lifts the pen. The scale spans at least `span`.
 */
export function sparkPath(
  at: readonly number[],
  value: readonly (number | null)[],
  window: { from: number; to: number },
  box: Box,
  gapMs: number,
  span: number,
): string {
  const shown: { at: number; value: number | null }[] = [];
  at.forEach((moment, index) => {
    if (moment >= window.from && moment <= window.to) shown.push({ at: moment, value: value[index] ?? null });
  });
  const numbers = shown.flatMap((point) => point.value ?? []);
  if (numbers.length === 0) return "";
  const [low, high] = scaleOf(numbers, span);
  const x = (moment: number) => ((moment - window.from) / (window.to - window.from)) * box.width;
  const y = (number: number) => box.height - ((number - low) / (high - low)) * box.height;
  let path = "";
  let last: number | null = null;
  for (const point of shown) {
    if (point.value === null) {
      last = null;
      continue;
    }
    const pen = last === null || point.at - last > gapMs ? "M" : "L";
    path += `${pen}${x(point.at).toFixed(1)} ${y(point.value).toFixed(1)}`;
    last = point.at;
  }
  return path;
}

/** [low, high] around `numbers`: at least `span` wide, centred, with a twentieth of air on both sides. */
export function scaleOf(numbers: readonly number[], span: number): [number, number] {
  let low = Infinity;
  let high = -Infinity;
  for (const number of numbers) {
    if (number < low) low = number;
    if (number > high) high = number;
  }
  if (!Number.isFinite(low)) return [0, span];
  const half = Math.max(span, (high - low) * 1.1) / 2;
  const middle = (low + high) / 2;
  return [middle - half, middle + half];
}

/** How long without a point is a gap: three usual steps, but at least `least` ms. */
export function gapOf(at: readonly number[], least: number): number {
  if (at.length < 3) return least;
  const steps: number[] = [];
  for (let index = 1; index < at.length; index += 1) steps.push((at[index] ?? 0) - (at[index - 1] ?? 0));
  steps.sort((a, b) => a - b);
  return Math.max(least, 3 * (steps[Math.floor((steps.length - 1) / 2)] ?? 0));
}

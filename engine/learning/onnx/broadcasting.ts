/** A dimension: a number, or the name of one that is free, such as the batch. */
export type Dims = readonly (number | string)[];

export const sameDims = (a: Dims, b: Dims): boolean => a.length === b.length && a.every((d, i) => d === b[i]);

/**
 * The shape of an elementwise operation on two shapes, by ONNX's rule: aligned at their ends, a dimension of 1 is repeated. Throws
 * when they do not fit, also where a free dimension would have to equal a number.
 */
export function broadcastDims(a: Dims, b: Dims): Dims {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const [x, y] = [a[i - rank + a.length] ?? 1, b[i - rank + b.length] ?? 1];
    if (x === y || y === 1) return x;
    if (x === 1) return y;
    throw new Error(`Shapes [${a.join(', ')}] and [${b.join(', ')}] do not broadcast.`);
  });
}

/** The axes of `whole` over which a value of shape `part` was repeated: those it lacks, and those it has as 1. */
export function repeatedAxes(
  whole: Dims,
  part: Dims,
): { readonly missing: number[]; readonly ones: number[] } {
  const extra = whole.length - part.length;
  const missing = Array.from({ length: extra }, (_, i) => i);
  const ones = whole.flatMap((d, i) => (i >= extra && part[i - extra] === 1 && d !== 1 ? [i] : []));
  return { missing, ones };
}

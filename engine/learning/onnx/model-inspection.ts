import { messageOf } from '../../errors.js';
import { summariseOnnx } from './model-format.js';

/** Opsets that ONNX Runtime 1.30 runs, by domain; an operator of any other domain is a custom one. */
const OPSETS: Readonly<Record<string, readonly [number, number]>> = {
  '': [7, 25],
  'ai.onnx': [7, 25],
  'ai.onnx.ml': [1, 5],
};

/** Repeats as often as the data say: its running time has no bound. */
const UNBOUNDED = ['Loop'];

/**
 * Why an ONNX file may not be run, undefined when nothing speaks against it. Looked at without running any of it: data in
 * other files, custom operators and domains, functions of the file's own, training graphs, operators without a
 * bound, and opsets out of range; in subgraphs too.
 */
export function faultOf(bytes: Uint8Array): string | undefined {
  let summary;
  try {
    summary = summariseOnnx(bytes);
  } catch (error) {
    return `it cannot be read (${messageOf(error)})`;
  }
  const { customDomains, externalData, functions, training, operators, opsets } = summary;
  if (externalData) return 'it keeps data in other files; save it as one file';
  if (functions) return 'it defines functions of its own; inline them before exporting';
  if (training) return 'it holds a training graph; export it for inference';
  if (customDomains.length > 0)
    return `it uses operators of ${customDomains.join(', ')}; only standard ones are allowed`;
  const unbounded = operators.filter((operator) => UNBOUNDED.includes(operator));
  if (unbounded.length > 0) return `it uses ${unbounded.join(', ')}, whose running time has no bound`;
  for (const { domain, version } of opsets) {
    const [from, to] = OPSETS[domain] ?? [];
    // A domain that is imported and not used does nothing.
    if (from === undefined || to === undefined) continue;
    if (!(version >= from && version <= to))
      return `it needs opset ${version} of ${domain === '' ? 'ai.onnx' : domain}; ${from} to ${to} are supported`;
  }
  return undefined;
}

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { FEATURE_SET_VERSION } from '../../actors/features/catalogue.js';
import { SEQUENCE_VERSION } from '../../actors/features/sequence-channels.js';

/** A file that another library exported. */
export function exportedModel(name: string): string {
  return fileURLToPath(new URL(`../../../test/data/import/${name}.onnx`, import.meta.url));
}

/** The same model with pairs in its metadata. Of a protobuf message, what is appended is merged with what is there: field 14. */
export function withMetadata(file: string, pairs: Readonly<Record<string, string>>): Uint8Array {
  const text = (field: number, content: Buffer): Buffer =>
    Buffer.concat([Buffer.from([(field << 3) | 2, content.length]), content]);
  const entries = Object.entries(pairs).map(([key, value]) =>
    text(14, Buffer.concat([text(1, Buffer.from(key)), text(2, Buffer.from(value))])),
  );
  return Buffer.concat([readFileSync(file), ...entries]);
}

/** A model as docs/python-models.md ends with: of one row or of the last bars, with what it is in its metadata. */
export function importedModel(contract: 'row' | 'sequence', trainedThrough: number): Uint8Array {
  const said = { task: 'directions', horizon: '1h', trainedThrough: String(trainedThrough) };
  return contract === 'row'
    ? withMetadata(exportedModel('xgboost'), {
        ...said,
        features: 'rsi_14, atr_14, adx_14, macd, hour_sin',
        featureSet: FEATURE_SET_VERSION,
      })
    : withMetadata(exportedModel('torch-lstm'), {
        ...said,
        logits: 'true',
        sequenceVersion: SEQUENCE_VERSION,
      });
}

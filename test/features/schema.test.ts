import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { CATALOGUE } from '../../actors/features/catalogue.js';
import { historySchema } from '../../engine/feature-store/prediction-history.js';
import { featureSchema } from '../../engine/feature-store/table.js';

test('the schema file of the predictions’ history is what the code writes', () => {
  const file = readFileSync(
    new URL('../../../schemas/06_clickhouse_predictions_history.sql', import.meta.url),
    'utf8',
  );
  assert.equal(file, historySchema(), 'run: npm run generate');
});

test('the ClickHouse schema file is what the catalogue says, a column a feature', () => {
  const file = readFileSync(
    new URL('../../../schemas/01_clickhouse_ml_features.sql', import.meta.url),
    'utf8',
  );
  assert.equal(file, featureSchema(), 'run: npm run generate');
  for (const { name } of CATALOGUE) assert.match(file, new RegExp(`^ {4}${name} Float32 `, 'm'));
});

// Writes the schema files that are generated from code. A test fails when they are not what this writes.
import { writeFileSync } from 'node:fs';
import { historySchema } from '../dist/engine/feature-store/prediction-history.js';
import { featureSchema } from '../dist/engine/feature-store/table.js';

writeFileSync(new URL('../schemas/01_clickhouse_ml_features.sql', import.meta.url), featureSchema());
writeFileSync(new URL('../schemas/06_clickhouse_predictions_history.sql', import.meta.url), historySchema());

// Writes the schema files that are generated from code. A test fails when they are not what this writes.
import { writeFileSync } from 'node:fs';
import { featureSchema } from '../dist/engine/feature-store/table.js';

writeFileSync(new URL('../schemas/01_clickhouse_ml_features.sql', import.meta.url), featureSchema());

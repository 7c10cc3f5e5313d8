import { Command } from 'commander';
import { FEATURE_COUNT, FEATURE_SET_VERSION } from '../../actors/features/catalogue.js';
import { FORMAT } from '../journal/data-folder.js';
import { VERSION } from '../version.js';
import { jsonOption } from './options.js';

export function versionCommand(): Command {
  return new Command('version')
    .description('say what is installed: the engine, its feature set, the format of its data folders')
    .addOption(jsonOption())
    .action(({ json }: { readonly json?: boolean }) => {
      const facts = {
        version: VERSION,
        featureSet: FEATURE_SET_VERSION,
        features: FEATURE_COUNT,
        dataFormat: FORMAT,
        node: process.version,
        platform: `${process.platform}-${process.arch}`,
      };
      process.stdout.write(
        json === true
          ? `${JSON.stringify(facts)}\n`
          : `suho ${VERSION}\nfeature set ${facts.featureSet} (${FEATURE_COUNT} features), data format ${FORMAT}\nNode ${facts.node} on ${facts.platform}\n`,
      );
    });
}

import { Command } from 'commander';
import { modelsImportCommand } from './models-import.js';

export function modelsCommand(): Command {
  return new Command('models').description('models of the registry').addCommand(modelsImportCommand());
}

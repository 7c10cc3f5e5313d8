import { Command } from 'commander';
import { modelsQuantizeCommand } from './models-quantize.js';

export function modelsCommand(): Command {
  return new Command('models').description('models of the registry').addCommand(modelsQuantizeCommand());
}

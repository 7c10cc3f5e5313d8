import { Argument, Command } from 'commander';

const SHELLS = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof SHELLS)[number];

/** What may follow a command: its subcommands, its options, the choices of its first argument. */
interface Node {
  /** The command's words after `suho`: `features export`. */
  readonly path: string;
  readonly words: readonly { readonly word: string; readonly help: string }[];
}

export function completionCommand(): Command {
  return new Command('completion')
    .description('print the completions of a shell')
    .addArgument(new Argument('<shell>', 'which shell').choices(SHELLS))
    .addHelpText(
      'after',
      `
Examples:
  suho completion bash > /etc/bash_completion.d/suho
  suho completion zsh > "\${fpath[1]}/_suho"
  suho completion fish > ~/.config/fish/completions/suho.fish`,
    )
    .action((shell: Shell, _options: object, command: Command) => {
      const nodes = nodesOf(command.parent!, '');
      process.stdout.write({ bash, zsh, fish }[shell](nodes));
    });
}

function nodesOf(command: Command, path: string): Node[] {
  const choices = command.registeredArguments[0]?.argChoices ?? [];
  const words = [
    ...command.commands.map((one) => ({ word: one.name(), help: one.description() })),
    ...choices.map((word) => ({ word, help: '' })),
    ...command.options
      .filter(({ hidden, long }) => !hidden && long != null)
      .map(({ long, description }) => ({ word: long!, help: description })),
    { word: '--help', help: 'show how it is used' },
  ];
  return [
    { path, words },
    ...command.commands.flatMap((one) => nodesOf(one, `${path} ${one.name()}`.trim())),
  ];
}

/** The words that were typed and are commands, then what may follow them. */
function bash(nodes: readonly Node[]): string {
  return `# Completions of suho for bash.
_suho() {
  local current=\${COMP_WORDS[COMP_CWORD]} path= word next
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    next="\${path:+$path }$word"
    case "$next" in
      ${nodes
        .slice(1)
        .map(({ path }) => `'${path}'`)
        .join(' | ')}) path=$next ;;
    esac
  done
  case "$path" in
${nodes.map(({ path, words }) => `    '${path}') next='${words.map(({ word }) => word).join(' ')}' ;;`).join('\n')}
  esac
  COMPREPLY=($(compgen -W "$next" -- "$current"))
  [ \${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- "$current"))
}
complete -o filenames -F _suho suho
`;
}

function zsh(nodes: readonly Node[]): string {
  return `#compdef suho
# Completions of suho for zsh: those of bash, through zsh's own bridge.
autoload -Uz bashcompinit && bashcompinit
${bash(nodes)}`;
}

function fish(nodes: readonly Node[]): string {
  const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  const lines = nodes.flatMap(({ path, words }) => {
    const condition =
      path === ''
        ? '__fish_use_subcommand'
        : path
            .split(' ')
            .map((word) => `__fish_seen_subcommand_from ${word}`)
            .join('; and ');
    return words.map(({ word, help }) => {
      const what = word.startsWith('--') ? `-l ${word.slice(2)}` : `-a ${word}`;
      return `complete -c suho -n ${quoted(condition)} ${what}${help === '' ? '' : ` -d ${quoted(help)}`}`;
    });
  });
  return `# Completions of suho for fish.\n${lines.join('\n')}\n`;
}

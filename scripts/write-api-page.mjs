// Prints docs/api.md: what proto/suho/v1 says of each service, message and enum, and engine/api/reasons.ts of each error.
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { status } from '@grpc/grpc-js';
import protobuf from 'protobufjs';
import { REASONS } from '../dist/engine/api/reasons.js';

const root = path.join(import.meta.dirname, '..');
const folder = path.join(root, 'proto', 'suho', 'v1');
const files = readdirSync(folder)
  .filter((name) => name.endsWith('.proto'))
  .sort((a, b) => Number(b === 'suho.proto') - Number(a === 'suho.proto') || (a < b ? -1 : 1));

const declared = files.flatMap((name) => {
  const parsed = protobuf.parse(readFileSync(path.join(folder, name), 'utf8'), {
    keepCase: true,
    alternateCommentMode: true,
  });
  return parsed.root.lookup('suho.v1').nestedArray.map((what) => ({ what, file: name }));
});
const kinds = (kind) => declared.filter(({ what }) => what instanceof kind);

/** A comment as one paragraph of a table. */
const words = (comment) =>
  (comment ?? '')
    .replaceAll(/\s*\n\s*/g, ' ')
    .replaceAll('|', '\\|')
    .trim();
const anchor = (name) => `[${name}](#${name.toLowerCase()})`;
const own = new Set(declared.map(({ what }) => what.name));

function typeOf(field) {
  const name = own.has(field.type) ? anchor(field.type) : `\`${field.type}\``;
  if (field.map) return `map of \`${field.keyType}\` to ${name}`;
  return field.repeated ? `repeated ${name}` : field.options?.proto3_optional ? `optional ${name}` : name;
}

function table(head, rows) {
  return [
    `| ${head.join(' | ')} |`,
    `| ${head.map(() => '---').join(' | ')} |`,
    ...rows.map((row) => `| ${row.join(' | ')} |`),
  ].join('\n');
}

function method(one) {
  const type = (name, stream) => `${stream ? 'stream of ' : ''}${anchor(name)}`;
  return [
    `\`${one.name}\``,
    type(one.requestType, one.requestStream),
    type(one.responseType, one.responseStream),
    words(one.comment),
  ];
}

const lines = [
  readFileSync(path.join(import.meta.dirname, 'api-page-head.md'), 'utf8').trim(),
  '',
  '## Services',
  '',
];
for (const { what, file } of kinds(protobuf.Service))
  lines.push(
    `### ${what.name}`,
    '',
    `${words(what.comment)} ([${file}](../proto/suho/v1/${file}))`,
    '',
    table(['call', 'request', 'answer', 'what it does'], what.methodsArray.map(method)),
    '',
  );
lines.push(
  '## Errors',
  '',
  table(
    ['status', 'reason', 'retry after', 'meaning'],
    Object.entries(REASONS)
      .sort(([a, x], [b, y]) => x.status - y.status || (a < b ? -1 : 1))
      .map(([reason, { status: code, meaning, retryMs }]) => [
        status[code],
        `\`${reason}\``,
        retryMs === undefined ? '' : retryMs === 0 ? 'at once' : `${retryMs / 1000} s`,
        meaning,
      ]),
  ),
  '',
  '## Messages',
  '',
);
for (const { what } of kinds(protobuf.Type))
  lines.push(
    `### ${what.name}`,
    '',
    words(what.comment),
    '',
    ...(what.fieldsArray.length === 0
      ? []
      : [
          table(
            ['no.', 'field', 'type', 'meaning'],
            what.fieldsArray.map((field) => [
              field.id,
              `\`${field.name}\``,
              typeOf(field),
              words(field.comment),
            ]),
          ),
          '',
        ]),
  );
lines.push('## Enums', '');
for (const { what } of kinds(protobuf.Enum))
  lines.push(
    `### ${what.name}`,
    '',
    words(what.comment),
    '',
    table(
      ['no.', 'value', 'meaning'],
      Object.entries(what.values).map(([name, number]) => [
        number,
        `\`${name}\``,
        words(what.comments[name]),
      ]),
    ),
    '',
  );
process.stdout.write(`${lines.join('\n').trim()}\n`);

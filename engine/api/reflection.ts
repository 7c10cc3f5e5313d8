import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { status, type Server, type ServerDuplexStream } from '@grpc/grpc-js';
import protobuf from 'protobufjs';
import descriptor from 'protobufjs/ext/descriptor.js';
import { decoded, endWithFailure } from './calls.js';
import { loadDefinition, servedService, type Received } from './definition.js';
import { invalid, type Failures } from './failure.js';

const DESCRIPTORS = fileURLToPath(new URL('../../../proto/descriptors.binpb', import.meta.url));
/** Longest name a request may ask for; it is sent back with the answer. */
const NAME_MAX = 512;

interface ReflectionRequest {
  readonly host: string;
  readonly file_by_filename?: string;
  readonly file_containing_symbol?: string;
  readonly file_containing_extension?: { readonly containing_type: string };
  readonly all_extension_numbers_of_type?: string;
  readonly list_services?: string;
}

interface DescribedFile {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly dependencies: readonly string[];
}

/**
 * What reflection knows: the files of a compiled FileDescriptorSet, byte for byte, and where each name is declared.
 * Descriptors that are made again from a parsed `.proto` lose what clients need: the names of map entries, which fields
 * are optional.
 */
class Descriptors {
  readonly services: string[] = [];
  readonly files = new Map<string, DescribedFile>();
  readonly #declaring = new Map<string, DescribedFile>();

  constructor(set: Uint8Array) {
    const reader = protobuf.Reader.create(set);
    while (reader.pos < reader.len) {
      // FileDescriptorSet has one field: `repeated FileDescriptorProto file = 1`.
      reader.uint32();
      this.#add(reader.bytes());
    }
  }

  declaring(symbol: string): DescribedFile | undefined {
    return this.#declaring.get(symbol);
  }

  /** A file and all it imports, itself first. */
  withImports(file: DescribedFile): DescribedFile[] {
    const found = new Set([file]);
    for (const { dependencies } of found)
      for (const name of dependencies) {
        const imported = this.files.get(name);
        if (imported !== undefined) found.add(imported);
      }
    return [...found];
  }

  #add(bytes: Uint8Array): void {
    const proto = descriptor.FileDescriptorProto.decode(bytes) as unknown as descriptor.IFileDescriptorProto;
    const file = { name: proto.name ?? '', bytes, dependencies: proto.dependency ?? [] };
    this.files.set(file.name, file);
    const declare = (scope: string, name: string | null | undefined): string => {
      const full = `${scope}.${name}`;
      this.#declaring.set(full, file);
      return full;
    };
    const scope = proto.package ?? '';
    const declareMessage = (within: string, message: descriptor.IDescriptorProto): void => {
      const full = declare(within, message.name);
      for (const field of message.field ?? []) declare(full, field.name);
      for (const nested of message.nestedType ?? []) declareMessage(full, nested);
      for (const nested of message.enumType ?? []) declare(full, nested.name);
    };
    for (const message of proto.messageType ?? []) declareMessage(scope, message);
    for (const declared of proto.enumType ?? []) {
      declare(scope, declared.name);
      for (const value of declared.value ?? []) declare(scope, value.name);
    }
    for (const service of proto.service ?? []) {
      const full = declare(scope, service.name);
      this.services.push(full);
      for (const method of service.method ?? []) declare(full, method.name);
    }
  }
}

/** Serves reflection, v1 and v1alpha, from the compiled descriptors of all that the server has. */
export function addReflection(server: Server, failures: Failures): void {
  const descriptors = new Descriptors(readFileSync(DESCRIPTORS));
  for (const version of ['v1', 'v1alpha']) {
    const service = servedService(
      loadDefinition(`grpc/reflection/${version}/reflection.proto`),
      `grpc.reflection.${version}.ServerReflection`,
    );
    server.addService(service, {
      ServerReflectionInfo: (call: ServerDuplexStream<Received<ReflectionRequest>, object>) =>
        serve(call, descriptors, failures),
    });
  }
}

function serve(
  call: ServerDuplexStream<Received<ReflectionRequest>, object>,
  descriptors: Descriptors,
  failures: Failures,
): void {
  let failed = false;
  call.on('data', (received: Received<ReflectionRequest>) => {
    if (failed) return;
    try {
      const request = decoded(received);
      const answer = {
        valid_host: request.host,
        original_request: request,
        ...answerTo(request, descriptors),
      };
      if (call.write(answer)) return;
      call.pause();
      call.once('drain', () => call.resume());
    } catch (error) {
      failed = true;
      endWithFailure(call, failures.explain(call.getPath(), error));
    }
  });
  call.on('end', () => {
    if (!failed) call.end();
  });
}

function answerTo(request: ReflectionRequest, descriptors: Descriptors): object {
  const {
    host,
    file_by_filename: fileName,
    file_containing_symbol: symbol,
    file_containing_extension: extension,
    all_extension_numbers_of_type: extended,
    list_services: list,
  } = request;
  const texts = { host, fileName, symbol, extension: extension?.containing_type, extended, list };
  for (const [field, text] of Object.entries(texts))
    if ((text?.length ?? 0) > NAME_MAX) throw invalid(field, `at most ${NAME_MAX} characters.`);
  if (list !== undefined)
    return { list_services_response: { service: descriptors.services.map((name) => ({ name })) } };
  const file =
    fileName !== undefined
      ? descriptors.files.get(fileName)
      : symbol !== undefined
        ? descriptors.declaring(symbol)
        : undefined;
  if (file !== undefined) {
    const files = descriptors.withImports(file).map(({ bytes }) => bytes);
    return { file_descriptor_response: { file_descriptor_proto: files } };
  }
  // No message here has extensions.
  if (extended !== undefined && descriptors.declaring(extended) !== undefined)
    return { all_extension_numbers_response: { base_type_name: extended, extension_number: [] } };
  return {
    error_response: {
      error_code: status.NOT_FOUND,
      error_message: 'There is no such file, symbol or extension.',
    },
  };
}

// Original file: proto/suho/v1/operations.proto


/**
 * Takes nothing: the file is the one the engine was started with, and so are the paths of its certificate.
 */
export interface ReloadConfigRequest {
}

/**
 * Takes nothing: the file is the one the engine was started with, and so are the paths of its certificate.
 */
export interface ReloadConfigRequest__Output {
}

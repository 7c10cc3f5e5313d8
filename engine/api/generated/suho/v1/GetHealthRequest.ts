// Original file: proto/suho/v1/suho.proto


/**
 * Takes nothing: the caller's role decides what is shown.
 */
export interface GetHealthRequest {
}

/**
 * Takes nothing: the caller's role decides what is shown.
 */
export interface GetHealthRequest__Output {
}

// Original file: proto/suho/v1/suho.proto


/**
 * The instrument is followed no more.
 */
export interface RemoveInstrumentResponse {
}

/**
 * The instrument is followed no more.
 */
export interface RemoveInstrumentResponse__Output {
}

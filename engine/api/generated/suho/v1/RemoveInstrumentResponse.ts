// Original file: proto/suho/v1/suho.proto


export interface RemoveInstrumentResponse {
}

export interface RemoveInstrumentResponse__Output {
}

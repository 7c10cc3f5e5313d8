// Original file: proto/suho/v1/suho.proto


export interface ListInstrumentsRequest {
}

export interface ListInstrumentsRequest__Output {
}

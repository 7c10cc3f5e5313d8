// Original file: proto/suho/v1/suho.proto


export interface GetHealthRequest {
}

export interface GetHealthRequest__Output {
}

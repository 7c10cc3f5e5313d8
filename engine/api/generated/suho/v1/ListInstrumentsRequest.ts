// Original file: proto/suho/v1/suho.proto


/**
 * Which instruments to list.
 */
export interface ListInstrumentsRequest {
  /**
   * Instruments of one page, 1 to 1000; 1000 when 0.
   */
  'page_size'?: (number);
  /**
   * `next_page_token` of the page before; empty for the first page.
   */
  'page_token'?: (string);
}

/**
 * Which instruments to list.
 */
export interface ListInstrumentsRequest__Output {
  /**
   * Instruments of one page, 1 to 1000; 1000 when 0.
   */
  'page_size': (number);
  /**
   * `next_page_token` of the page before; empty for the first page.
   */
  'page_token': (string);
}

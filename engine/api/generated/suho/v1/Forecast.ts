// Original file: proto/suho/v1/suho.proto


export interface Forecast {
  'horizon'?: (string);
  'down'?: (number | string);
  'flat'?: (number | string);
  'up'?: (number | string);
  'expected_return'?: (number | string);
}

export interface Forecast__Output {
  'horizon': (string);
  'down': (number);
  'flat': (number);
  'up': (number);
  'expected_return': (number);
}

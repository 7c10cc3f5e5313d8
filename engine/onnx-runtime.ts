import './no-telemetry.js';

/** ONNX Runtime, which reports nothing to anybody when it is loaded from here. */
export { InferenceSession, Tensor } from 'onnxruntime-node';

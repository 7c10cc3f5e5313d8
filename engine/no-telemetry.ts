/**
 * ONNX Runtime's own builds report what they run to Microsoft, and keep in the user's home what they could not send,
 * unless this is set before the library is loaded. Nothing of Suho's users leaves their machine. Native code sees what the
 * main thread sets alone: whoever starts a worker thread imports this as well.
 */
process.env['ORT_DISABLE_TELEMETRY'] = '1';

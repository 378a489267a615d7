//! ONNX to quantized model image.
#![forbid(unsafe_code)]

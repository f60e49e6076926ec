"""The fast engine: Tesseract's own network, run in batches by ONNX Runtime."""

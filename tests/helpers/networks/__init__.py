"""ONNX files for tests: small quantised networks, as exporters write them."""

"""What an ONNX file holds: nodes and constants, read with care."""

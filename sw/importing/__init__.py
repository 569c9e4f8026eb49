"""Students of others: a quantised network in an ONNX file becomes the integers of a bundle."""

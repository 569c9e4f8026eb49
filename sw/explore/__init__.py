"""Co-design exploration: which array to build for a trained classifier.

A *space* has axes of sizes, devices and conditions; each combination is a *point*. Accuracy is that of the
integer reference on many chips; energy, area and latency are modelled. Points share what they have in common:
features of the images, templates, programmed chips, currents. Results are kept on disk by digest.
"""

"""Training: from a data set to a bundle by distillation and quantisation."""

"""Evaluation: accuracy of the ideal array and of many chips, studies, and their pictures."""

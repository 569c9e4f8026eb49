"""The exact integer rules of the five stages: frontend, quantiser, array, adc, classifier.

There is one definition of each rule and it is here: integers in, integers out, vectorised over images.
Training, hardware tests, simulation and exploration call these functions and compare for equality.
"""

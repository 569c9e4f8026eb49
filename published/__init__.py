"""What README and docs publish: every figure in one file, the tables written from it.

It lies outside the wheel, because it works on README.md and docs/, which only a checkout has.
"""

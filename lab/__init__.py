"""The lab: how a convolutional network learns to read digits.

One corridor: config -> training -> events -> store -> figures -> pages.
"""

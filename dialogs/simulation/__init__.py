"""A small world around the pure path, on a virtual clock: a shop and one buyer.

It mirrors what the store, the sender and the clock do, so that conversations can be played in milliseconds.
No input or output, no clock of its own.
"""

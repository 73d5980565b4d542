"""`make evaluate`: how well messages are understood, measured on messages that nobody has learnt from."""

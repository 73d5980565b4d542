"""Whole journeys through the running program."""

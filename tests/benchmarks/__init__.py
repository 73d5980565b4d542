"""Benchmarks: measured, told, never failing. `make bench` prints a table; docs/measurements.md keeps one."""

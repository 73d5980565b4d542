"""Adapters to the outside world: verify, translate, call. They decide nothing."""

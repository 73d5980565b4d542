"""The truth (SQL) and the speed (Redis). The only place where SQL is written."""

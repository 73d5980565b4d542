"""Text to meaning. Pure, and it knows nothing but text."""

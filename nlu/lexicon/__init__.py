"""Words and phrases that tell how somebody feels, as plain text files, and what finds them."""

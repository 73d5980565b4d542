"""What is said, and when. Pure: no input or output, no clock."""

"""The application: wiring, the rooms of a message, pages and commands."""

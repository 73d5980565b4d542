"""The doors: webhooks, entry links and the pages."""

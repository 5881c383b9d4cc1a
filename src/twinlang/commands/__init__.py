"""Commands that look at the configuration as a whole; each is one file, called by its name."""

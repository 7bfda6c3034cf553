"""Transport, log-in, policy and redaction of vendors' flows."""

"""The link to a till vendor's cloud: pushed commands in, events out."""

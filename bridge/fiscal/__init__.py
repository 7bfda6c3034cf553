"""What the law asks, as pure functions on values, and the signing sessions."""

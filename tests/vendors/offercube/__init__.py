"""offer-cube through the box and against its simulator."""

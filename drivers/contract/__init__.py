"""What drivers and the box agree on: faults, clock, pages, printers, signing units."""

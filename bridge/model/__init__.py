"""Values of the shop: money, rates, receipts, registers. No I/O, no country rule but the tables."""

"""The till: one per register; decides what may happen to a receipt, in which order."""

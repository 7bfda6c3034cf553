"""ABRA Flexi: the vendor's file, its simulator, and both together."""

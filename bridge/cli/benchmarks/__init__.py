"""What ``bonbridge bench`` measures, one file per benchmark (docs/benchmarks.md)."""

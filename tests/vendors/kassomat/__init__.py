"""kassomat: VAT returns through the real engine against the simulated vendor."""

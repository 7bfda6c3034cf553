"""Austria: Registrierkassensicherheitsverordnung (RKSV)."""

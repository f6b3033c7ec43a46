"""Instruments of the fault tests: what goes wrong on somebody's machine, made to go wrong here."""

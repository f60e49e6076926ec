"""Benchmarks, and the generator of the sample papers. They may import everything; nothing imports them."""

"""Writing a two-layer PDF/A-2b by hand: scans untouched, hidden text over them, no clock and no chance."""

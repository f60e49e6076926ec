"""Sticky notes: found on one scan, and two scans of one page compared."""

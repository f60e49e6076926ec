"""Helpers of extract: rows of words on the upright page, and readings of values in them. All pure."""

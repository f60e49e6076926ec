"""The checks of the quality stage: each a pure function from what is known of a side to what is wrong with it."""

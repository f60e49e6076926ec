"""ocr (page): text, words and boxes. Each engine is one file here with ``ENGINE``."""

"""Received containers, one module each: bytes in, one encoded picture per scanned side out."""

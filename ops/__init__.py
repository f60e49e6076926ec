"""What operators use: the command line, reports, and the files that deploy a cluster."""

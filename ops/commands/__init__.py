"""One file per sub-command: ``HELP``, ``configure(parser)``, ``run(args, settings, out) -> exit code``."""

"""What runs it: settings of an installation, logs, the in-memory runner, rehearsal and the command line."""

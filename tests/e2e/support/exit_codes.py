"""What `gatehouse` exits with, as docs/operating/commands.md promises it."""

EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_NO_DATABASE = 3
EXIT_SCHEMA_MISMATCH = 4
EXIT_ADDRESS_IN_USE = 6

"""Commands as a person sees them who runs them on a terminal."""

import os
import pty

from tests.e2e.support.gatehouse import BINARY


def run(*arguments, env, answers=()):
    """What is seen, with "|" for each answer that was given, and the exit code. An answer is (end of the question, text)."""
    process, terminal = pty.fork()
    if process == 0:
        os.execve(BINARY, [BINARY, *arguments], env)
    seen = b""
    for question, answer in answers:
        while not seen.endswith(question.encode()):
            seen += os.read(terminal, 1)
        os.write(terminal, answer.encode() + b"\n")
        seen += b"|"
    try:
        while chunk := os.read(terminal, 4096):
            seen += chunk
    except OSError:
        # Its other end is closed.
        pass
    os.close(terminal)
    return seen.decode(), os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])

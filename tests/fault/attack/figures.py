"""The server's metrics, of which attacks tell what became of them."""

import re
import urllib.request


class Figures:
    """As /metrics of an HTTP address shows them now."""

    def __init__(self, address):
        with urllib.request.urlopen(f"http://{address}/metrics", timeout=10) as answer:
            text = answer.read().decode()
        self._series = [
            (name, dict(re.findall(r'(\w+)="([^"]*)"', labels)), float(value))
            for name, labels, value in re.findall(r"^(\w+)(?:\{(.*)\})? (\S+)$", text, re.MULTILINE)
        ]

    def of(self, name, **labels):
        """The sum of all that have these labels."""
        return sum(value for series, has, value in self._series if series == name and labels.items() <= has.items())

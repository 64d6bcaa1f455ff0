"""The HTTP address of the server, by the standard library."""

import json
import urllib.error
import urllib.request


def get(address, path):
    """(status, body) of a GET."""
    try:
        with urllib.request.urlopen(f"http://{address}{path}", timeout=20) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def get_json(address, path):
    return json.loads(get(address, path)[1])

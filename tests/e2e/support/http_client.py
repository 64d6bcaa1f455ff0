"""The HTTP address of the server, by the standard library."""

import json
import urllib.error
import urllib.request


def get(address, path, host=None):
    """(status, body) of a GET, as if by the name `host`."""
    request = urllib.request.Request(f"http://{address}{path}", headers={"Host": host or address})
    try:
        with urllib.request.urlopen(request, timeout=20) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def get_json(address, path, host=None):
    return json.loads(get(address, path, host)[1])

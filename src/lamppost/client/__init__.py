"""A small typed client of the HTTP API; it needs nothing but the core package.

from lamppost.client import Client

with Client("http://127.0.0.1:8000", api_key) as client:
    client.send(events)
    for found in client.findings():
        print(found.finding.level, found.relationship_id)
"""

from lamppost.client.answers import Accepted, Found, LineFault, Problem
from lamppost.client.http import Client

__all__ = ["Accepted", "Client", "Found", "LineFault", "Problem"]

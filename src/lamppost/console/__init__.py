"""The review pages: people look, decide and protect, calmly and safely.

Rendered on the server with Jinja2 and a little htmx; no build step, no script or style inside a
page. Every route states the right it needs; the domain checks it again.
"""

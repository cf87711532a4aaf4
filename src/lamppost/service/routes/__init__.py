"""The HTTP API, one module a topic. A handler is found by standing in a module here.

Each declares `opt={"scope": …}`: a scope of `core.access`, or `PUBLIC` or `PERSON` of
`service.guard`.
"""

"""The outsider: replays the event topics with read access only, rebuilds every root, recomputes every published value.

Independent of services/ on purpose: same documents (docs/wire.md, docs/indicators.md), other code.
"""

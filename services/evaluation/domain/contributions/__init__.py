"""Indicator = sum of contributions: what one aggregate's facts add to each series, by county and month (domain §0).

Each module reads one kind of aggregate and nothing else. A stock series holds differences v(M) − v(M−1), so that its
value on the last day of M is the sum of all cells up to M; a per-year series holds the amounts of each month.

`CONTRIBUTIONS_VERSION` changes with any of these rules: the fold then begins again at offset 0, in documents of its
own, because a sum made by two rules is a sum of neither.
"""

from __future__ import annotations

CONTRIBUTIONS_VERSION = 2

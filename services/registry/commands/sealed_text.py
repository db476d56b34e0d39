"""Free text about a person on its way into the store: checked, indexed and sealed."""

from __future__ import annotations

from services.registry.domain.talent import Sealed
from services.shared.kernel import text
from services.shared.kernel.ports import KeyRing

LONGEST = 1000


def sealed_text(value: str, *, talent: str, field: str, keys: KeyRing) -> Sealed:
    """Equal texts of one talent have one index: a repeat is seen. Raises FIELD_MISSING, FIELD_TOO_LONG."""
    trimmed = text.name(value, field=field, longest=LONGEST)
    return Sealed(keys.blind_index("text", f"{talent}/{trimmed}"), keys.seal(origin=talent, fields={"text": trimmed}))

"""What every command about an organisation shares: whom it concerns, and whether the caller may."""

from __future__ import annotations

from collections.abc import Callable

from services.registry.domain.organisation import Organisation
from services.shared.kernel.partner import Partner
from services.shared.kernel.principal import Principal
from services.shared.kernel.step import Step


def on_organisation(
    code: str, function: Callable[[Organisation], object], *, by: Principal | Partner, etag: str
) -> Step:
    """The change of one organisation, which may be registered later: it is a stub until then.

    Raises OUTSIDE_SCOPE when it is registered outside the caller's area, ETAG_MISMATCH when the caller read another
    version.
    """

    def change(organisation: Organisation) -> None:
        registration = organisation.registration
        if registration is not None:
            by.must_reach(registration.county, field="organisation")
        organisation.must_match(etag)
        function(organisation)

    return Step(Organisation, code, change)

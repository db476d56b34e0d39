"""The registry, composed: the only file that sees everything."""

from __future__ import annotations

from services.registry.api.catalogues import CatalogueServicer
from services.registry.api.certificates import CertificateServicer
from services.registry.api.high_level import HighLevelServicer
from services.registry.api.identities import IdentityServicer
from services.registry.api.organisations import OrganisationServicer
from services.registry.api.persons import PersonServicer
from services.registry.api.programmes import ProgrammeServicer
from services.registry.api.roster import RosterServicer
from services.registry.api.talents import RegistryServicer
from services.registry.api.trainings import TrainingServicer
from services.registry.commands.lapse_registrations import LapseRegistrations
from services.registry.commands.propose_cases import identity_day
from services.registry.consumers.contracts import Contracts
from services.registry.consumers.departments import Departments
from services.registry.consumers.moving import Moving
from services.registry.consumers.own_headcounts import OwnHeadcounts
from services.registry.consumers.own_memberships import OwnMemberships
from services.registry.consumers.own_organisations import OwnOrganisations
from services.registry.consumers.own_programmes import OwnProgrammes
from services.registry.consumers.own_talents import OwnTalents
from services.registry.consumers.sheets import Sheets
from services.registry.consumers.snapshot_ends import SnapshotEnds
from services.registry.storage import KINDS
from services.shared.kernel.ports import Clock, Random
from services.shared.runtime.house import House, Streams
from services.shared.runtime.kafka_streams import KafkaStreams
from services.shared.runtime.lifecycle import App
from services.shared.runtime.sealing import LocalKeyRing, SealOpener
from services.shared.runtime.settings import Settings
from services.shared.runtime.tick import Tick
from swtalent.registry.v1.catalogue_service_pb2_grpc import add_CatalogueServiceServicer_to_server
from swtalent.registry.v1.certificate_service_pb2_grpc import add_CertificateServiceServicer_to_server
from swtalent.registry.v1.high_level_service_pb2_grpc import add_HighLevelServiceServicer_to_server
from swtalent.registry.v1.identity_service_pb2_grpc import add_IdentityServiceServicer_to_server
from swtalent.registry.v1.organisation_service_pb2_grpc import add_OrganisationServiceServicer_to_server
from swtalent.registry.v1.person_service_pb2_grpc import add_PersonServiceServicer_to_server
from swtalent.registry.v1.programme_service_pb2_grpc import add_ProgrammeServiceServicer_to_server
from swtalent.registry.v1.registry_service_pb2_grpc import add_RegistryServiceServicer_to_server
from swtalent.registry.v1.roster_service_pb2_grpc import add_RosterServiceServicer_to_server
from swtalent.registry.v1.training_service_pb2_grpc import add_TrainingServiceServicer_to_server


async def compose(
    settings: Settings, *, streams: Streams | None = None, clock: Clock | None = None, random: Random | None = None
) -> App:
    """Tests give other ways to the log, another clock, other randomness."""
    keys = LocalKeyRing.from_files(settings.keys_dir)
    opener = SealOpener.from_files(settings.keys_dir, deployment=settings.deployment)
    house = await House.open(settings, KINDS, streams=streams or KafkaStreams(settings), clock=clock, random=random)
    house.serve(
        add_RegistryServiceServicer_to_server,
        RegistryServicer(store=house.store, lanes=house.lanes, keys=keys, clock=house.clock),
    )
    house.serve(
        add_PersonServiceServicer_to_server,
        PersonServicer(store=house.store, lanes=house.lanes, keys=keys, clock=house.clock),
    )
    house.add(SnapshotEnds(house.store, house.lanes, clock=house.clock))
    house.read_with_waiting(Departments(keys=keys, opener=opener, clock=house.clock).reader())
    house.serve(
        add_IdentityServiceServicer_to_server,
        IdentityServicer(store=house.store, lanes=house.lanes, clock=house.clock),
    )
    house.serve(
        add_CertificateServiceServicer_to_server,
        CertificateServicer(store=house.store, lanes=house.lanes, clock=house.clock),
    )
    house.serve(
        add_OrganisationServiceServicer_to_server,
        OrganisationServicer(store=house.store, lanes=house.lanes, clock=house.clock),
    )
    house.read(
        OwnTalents(),
        Moving(),
        OwnMemberships(),
        OwnOrganisations(),
        OwnProgrammes(),
        OwnHeadcounts(),
        Sheets(),
        name="own-events",
    )
    house.read(Contracts())
    house.serve(
        add_ProgrammeServiceServicer_to_server,
        ProgrammeServicer(store=house.store, lanes=house.lanes, clock=house.clock),
    )
    house.serve(
        add_CatalogueServiceServicer_to_server,
        CatalogueServicer(store=house.store, lanes=house.lanes, clock=house.clock),
    )
    house.serve(
        add_RosterServiceServicer_to_server,
        RosterServicer(store=house.store, lanes=house.lanes, clock=house.clock),
    )
    house.serve(
        add_HighLevelServiceServicer_to_server,
        HighLevelServicer(store=house.store, lanes=house.lanes, keys=keys, clock=house.clock),
    )
    house.serve(
        add_TrainingServiceServicer_to_server,
        TrainingServicer(store=house.store, lanes=house.lanes, keys=keys, clock=house.clock),
    )
    lapses = LapseRegistrations(store=house.store, lanes=house.lanes)
    house.add(Tick(house.store, [lapses, identity_day(house.store, house.lanes)], clock=house.clock))
    return house.app()

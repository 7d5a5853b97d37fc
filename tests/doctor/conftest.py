"""Fixtures for the tests of the doctor: a server, as it is and as it runs."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.doctor.support import Patient
from tests.process import chatd


@pytest.fixture
def patient(tmp_path: Path) -> Patient:
    """A place for a server, with a proven backup."""
    patient = Patient(tmp_path / "data")
    assert chatd(patient.data_dir, "user", "add", "robot", "--bot").returncode == 0
    assert chatd(patient.data_dir, "backup", str(tmp_path / "copy.db")).returncode == 0
    return patient


@pytest.fixture
def served(patient: Patient) -> Iterator[Patient]:
    """A server that runs."""
    with patient.serve():
        yield patient

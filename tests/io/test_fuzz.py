"""Damaged copies of valid files are read rightly where they were not damaged, or refused in one line."""

import re
import resource

import numpy as np
import pandas as pd
import pytest

from tests import fuzz

SEEDS = {s.name: s for s in fuzz.seeds()}
TRUTH = {name: s.truth() for name, s in SEEDS.items()}
QUICK, ALL, STEP = 300, 20_000, 50
GIGABYTES = 2


def faults_of(numbers, folder) -> list[str]:
    found = []
    for number in numbers:
        mutant, data, sheet = fuzz.mutant(number, list(SEEDS.values()))
        of = f"{mutant.seed.name}: {'; '.join(mutant.how)}"
        wrong = fuzz.faults(mutant, data, sheet, folder, TRUTH[mutant.seed.name])
        found += [f"{number} ({of}) {fault}" for fault in wrong]
    return found


@pytest.mark.parametrize("name", SEEDS)
def test_the_seed_itself_is_read_as_it_was_written(tmp_path, name):
    seed = SEEDS[name]
    path = tmp_path / f"table{fuzz.ending(seed)}"
    path.write_bytes(fuzz.content(fuzz.Mutant(seed, seed.grid, None, form=seed.form)))
    exp = fuzz.read(seed, path)
    assert list(exp.samples.index) == seed.samples
    assert list(exp.values.columns) == list(TRUTH[name].columns)
    np.testing.assert_allclose(exp.values.to_numpy(), TRUTH[name].to_numpy(), rtol=1e-12)
    assert 0 < TRUTH[name].notna().to_numpy().sum() <= TRUTH[name].size


def test_the_harness_sees_a_wrong_value_a_lost_sample_and_a_lost_protein(tmp_path):
    """A value that differs from what was written, without a change that reaches it, is a fault."""
    seed, truth = SEEDS["plain"], TRUTH["plain"]
    mutant = fuzz.Mutant(seed, seed.grid, None, form=seed.form)
    data = fuzz.content(mutant)
    assert fuzz.faults(mutant, data, None, tmp_path, truth) == []
    assert "unchanged cell" in fuzz.faults(mutant, data, None, tmp_path, truth * 2)[0]
    more = truth.assign(P99999=1.0)
    assert fuzz.faults(mutant, data, None, tmp_path, more) == ["loses protein 'P99999'"]
    more = pd.concat([truth, truth.set_axis([f"{s}_2" for s in truth.index])])
    assert fuzz.faults(mutant, data, None, tmp_path, more) == ["loses sample 'ev_a_2'"]
    assert fuzz.faults(mutant, b"\n", None, tmp_path, truth)[0].startswith("refuses what means the same")


def test_every_change_is_drawn_and_some_of_each_kind_are_read():
    drawn = [fuzz.mutant(n, list(SEEDS.values()))[0] for n in range(QUICK)]
    assert {m.seed.name for m in drawn} == set(SEEDS)
    assert sum(m.sheet is not None for m in drawn) > QUICK / 5
    assert len({re.sub(r"[\d'].*", "", h) for m in drawn for h in m.how}) > 15
    assert np.mean([m.same for m in drawn]) > 0.1


@pytest.mark.parametrize("start", range(0, QUICK, STEP))
def test_damaged_files_are_read_rightly_or_refused(tmp_path, start):
    assert faults_of(range(start, start + STEP), tmp_path) == []


@pytest.mark.slow
@pytest.mark.parametrize("start", range(QUICK, ALL, 10 * STEP))
def test_many_damaged_files_are_read_rightly_or_refused(tmp_path, start):
    assert faults_of(range(start, min(start + 10 * STEP, ALL)), tmp_path) == []
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < GIGABYTES * 2**20  # in KiB

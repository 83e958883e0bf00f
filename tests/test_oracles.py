"""Tests that lack something: skipped with the reason by hand, an error in CI."""

import pytest

from tests.conftest import oracle


def test_what_a_test_lacks_skips_it_but_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a package a test is skipped with the reason; in CI it fails."""
    missing = oracle("a_package_of_no_index.scores")
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="a_package_of_no_index is not installed"):
        missing.f1()
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="a_package_of_no_index is not installed"):
        missing.f1()
    assert 3.0 == oracle("math").sqrt(9)

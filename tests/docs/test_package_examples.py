"""The examples with other people's packages run where these are installed, and say the truth."""

import re
import sys
from importlib.util import find_spec

import pytest
from support import commands
from support.pages import ROOT

EXAMPLES = ROOT / "examples" / "packages"
PACKAGES = {"sea_water.py": "seawater", "weibull_fit.py": "lifelines"}

pytestmark = pytest.mark.skipif(not EXAMPLES.is_dir(), reason="examples/ is not beside the tests")


def needed(script):
    if find_spec(PACKAGES[script]) is None:
        pytest.skip(f"{PACKAGES[script]} is not installed")
    return EXAMPLES / script


def test_every_example_names_its_package_and_command():
    assert sorted(path.name for path in EXAMPLES.glob("*.py")) == sorted(PACKAGES)
    for script, package in PACKAGES.items():
        text = (EXAMPLES / script).read_text(encoding="utf-8")
        assert f"    pip install autograd-tools {package}\n" in text
        assert f"    python examples/packages/{script}" in text


def test_sea_water_expands_as_seawater_itself_says(tmp_path):
    process = commands.run(sys.executable, "-W", "error", needed("sea_water.py"), cwd=tmp_path)
    assert (process.returncode, process.stderr) == (0, "")
    rows = re.findall(r"^ +(\d+) " + r" +([\d.]+)" * 5, process.stdout, re.MULTILINE)
    assert [float(row[0]) for row in rows] == [0, 10, 20, 30]
    for _, density, expansion, fitted, contraction, also_fitted in rows:
        assert 1020 < float(density) < 1030
        assert float(expansion) == pytest.approx(float(fitted), rel=0.01)
        assert float(contraction) == pytest.approx(float(also_fitted), rel=0.01)


def test_a_weibull_fit_is_that_of_lifelines(tmp_path):
    script = needed("weibull_fit.py")
    process = commands.run(sys.executable, script, "--draw", "fit.svg", cwd=tmp_path)
    assert process.returncode == 0, process.stderr
    assert "scale 55.73  shape 3.45" in process.stdout
    assert "WeibullFitter._cumulative_hazard" in (tmp_path / "fit.svg").read_text(encoding="utf-8")


def test_profiles_name_the_lines_of_the_packages(tmp_path):
    for script, options, line in (
        ("weibull_fit.py", ["--as-autograd"], "weibull_fitter.py:"),
        ("sea_water.py", ["--adapt", "seawater"], "eos80.py:"),
    ):
        command = [sys.executable, "-m", "autograd_tools", "profile", *options, needed(script)]
        process = commands.run(*command, cwd=tmp_path, PYTHONWARNINGS="")  # seawater has one
        assert process.returncode == 0, process.stderr
        assert line in process.stdout

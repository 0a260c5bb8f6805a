"""Where the programs under test are: in $SUBMILTER_BUILD, or in build/ below the source tree."""

import os
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("SUBMILTER_BUILD", TOP / "build")).resolve()


def program(name):
    path = BUILD / name
    assert path.exists(), (
        f"{path} is not there: build first, and name the build folder in SUBMILTER_BUILD"
    )
    return path

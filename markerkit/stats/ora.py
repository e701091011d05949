"""Over-representation of hits among the members of a set."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from markerkit.stats.set_statistics import Members

Array = npt.NDArray[np.float64]


def over_representation(
    hit: npt.NDArray[np.bool_], members: Members, universe: npt.NDArray[np.intp]
) -> tuple[npt.NDArray[np.int_], Array]:
    """Hits among each set's members, and the chance of as many or more in a draw from the universe.

    Parameters
    ----------
    hit
        Proteins that are hits, shape (p,).
    members
        Positions of each set's members, all in the universe.
    universe
        Positions of the proteins that could have been hits.
    """
    from scipy.stats import hypergeom

    size = np.array([len(at) for at in members])
    inside = np.array([int(hit[at].sum()) for at in members])
    return inside, np.asarray(hypergeom.sf(inside - 1, len(universe), int(hit[universe].sum()), size))

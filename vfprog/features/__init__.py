"""Clinical derivations and encodings on arrays: the one feature code of training and scoring."""

from vfprog.features.arrays import EpisodeArrays, concatenate
from vfprog.features.design import (
    all_features,
    derive_features,
    feature_matrix,
    guard,
    usable_features,
)
from vfprog.features.encoder import Encoding, encode, fit_encoding
from vfprog.features.feature import Feature

__all__ = [
    "Encoding",
    "EpisodeArrays",
    "Feature",
    "all_features",
    "concatenate",
    "derive_features",
    "encode",
    "feature_matrix",
    "fit_encoding",
    "guard",
    "usable_features",
]

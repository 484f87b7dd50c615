"""The bundle: everything the analysis may know of a trial, in files that prove themselves."""

from trial.bundle.proof import verify_bundle
from trial.bundle.read import Bundle, read_bundle
from trial.bundle.write import export_bundle

__all__ = ["Bundle", "export_bundle", "read_bundle", "verify_bundle"]

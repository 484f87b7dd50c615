"""Power of the declared design: citizens needed, effects that can be found, by formula."""

"""Is the effect of conversation mode identified in a data set: panel to findings to verdict."""

"""The experiment on experiments: what analysts and verdict say where the truth is known.

A regime makes synthetic spells with a planted effect, draws their conversations as its policy or procedure would,
and gives the panel together with the truth about the very same people.
"""

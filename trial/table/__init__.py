"""Tables from outside: CSV files read strictly, as text, with every problem told by line and never by content.

`encoding` finds the text, `reader` splits it, `cells` reads dates and answers, `problems` tells what is wrong.
"""

from trial.table.cells import YES_NO, iso_date, yes_no
from trial.table.problems import TOLD, Problems, shape
from trial.table.reader import Row, Table, read_table

__all__ = ["TOLD", "YES_NO", "Problems", "Row", "Table", "iso_date", "read_table", "shape", "yes_no"]

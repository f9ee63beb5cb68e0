"""Tables on the terminal, the same as TSV and as SVG bars, and the list of figures with targets.

For: tools/bench/bench. A part makes Tables and Figures; whoever shows them need not know the part.
"""

import math
import subprocess
from pathlib import Path
from typing import Dict, List, NamedTuple, Optional, Sequence, Tuple, Union

from bench.targets import Target

Cell = Union[str, float, int, None]
COLOURS = ("#1b6ca8", "#e07a1f", "#3a8f4d", "#b23a48", "#6a4c93", "#7f7f7f")


def text_of(cell: Cell) -> str:
    if cell is None:
        return "-"
    if isinstance(cell, str):
        return cell
    if float(cell).is_integer() and abs(cell) >= 2:
        return f"{int(cell):,}"
    return f"{cell:.3f}" if abs(cell) < 2 else f"{cell:,.1f}"


class Table(NamedTuple):
    """Rows of cells under columns; the first column is the row's name."""

    name: str  # of the files
    title: str
    columns: Sequence[str]
    rows: List[List[Cell]]
    unit: str = ""  # of the plot's axis; no plot without
    log: bool = False  # the plot's axis is logarithmic
    plotted: int = 0  # how many columns after the name are plotted; 0: all of them

    def show(self) -> str:
        lines = [list(self.columns)] + [[text_of(cell) for cell in row] for row in self.rows]
        widths = [max(len(line[i]) for line in lines) for i in range(len(self.columns))]
        out = [self.title]
        for line in lines:
            cells = [line[0].ljust(widths[0])]
            cells += [cell.rjust(width) for cell, width in zip(line[1:], widths[1:])]
            out.append("  " + "  ".join(cells).rstrip())
        return "\n".join(out)

    def markdown(self) -> str:
        rows = [[text_of(cell) for cell in row] for row in self.rows]
        lines = [f"| {' | '.join(self.columns)} |", "|" + "---|" * len(self.columns)]
        lines += [f"| {' | '.join(row)} |" for row in rows]
        return f"### {self.title}\n\n" + "\n".join(lines) + "\n"


class Figure(NamedTuple):
    """One figure with a target."""

    name: str
    value: Optional[float]
    target: Target
    peer: Optional[Tuple[str, float]] = None  # the best peer and its figure

    def row(self) -> List[Cell]:
        if self.value is None:
            verdict = "not measured"
        else:
            verdict = "met" if self.target.is_met(self.value) else "NOT MET"
        peer = f"{text_of(self.peer[1])} {self.peer[0]}" if self.peer else None
        return [self.name, self.value, str(self.target), peer, verdict]


class Result(NamedTuple):
    """What a part of the benchmark found."""

    tables: List[Table]
    figures: List[Figure]
    notes: List[str]


def figures_table(figures: List[Figure]) -> Table:
    columns = ("figure", "Axle", "target", "best peer", "")
    return Table("figures", "Figures with a target", columns, [figure.row() for figure in figures])


def write_tsv(table: Table, folder: Path) -> Path:
    path = folder / f"{table.name}.tsv"
    lines = ["\t".join(table.columns)]
    lines += ["\t".join("" if cell is None else str(cell) for cell in row) for row in table.rows]
    path.write_text("\n".join(lines) + "\n")
    return path


def plot(table: Table, tsv: Path) -> None:
    """Bars, a group for each row; silently none where gnuplot is not installed."""
    numbers = [cell for row in table.rows for cell in row[1:] if isinstance(cell, (int, float))]
    if not table.unit or not numbers or not any(math.isfinite(number) for number in numbers):
        return
    columns = [i for i in range(2, (table.plotted or len(table.columns) - 1) + 2)
               if any(isinstance(row[i - 1], (int, float)) for row in table.rows)]
    bars = [f"'{tsv}' using {i}:xtic(1) every ::1 title \"{table.columns[i - 1]}\" "
            f"linecolor rgb '{COLOURS[n % len(COLOURS)]}'" for n, i in enumerate(columns)]
    width = max(640, 300 + 60 * len(table.rows) * max(1, len(columns) // 2))
    script = [f"set terminal svg size {width},480 dynamic",
              f"set output '{tsv.with_suffix('.svg')}'", f'set title "{table.title}" noenhanced',
              'set datafile separator "\\t"', "set style data histograms", "set style fill solid",
              "set xtics rotate by -30 noenhanced", f'set ylabel "{table.unit}"', "set grid ytics",
              "set key outside noenhanced",
              "set logscale y" if table.log else "set yrange [0:*]",
              "plot " + ", ".join(bars)]
    try:
        subprocess.run(["gnuplot"], input="\n".join(script), text=True, check=False,
                       stderr=subprocess.DEVNULL)
    except FileNotFoundError:
        return


def keep(results: List[Result], folder: Path) -> None:
    """Write every table and plot into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    figures = [figure for result in results for figure in result.figures]
    for table in [t for result in results for t in result.tables] + [figures_table(figures)]:
        plot(table, write_tsv(table, folder))


def best(values: Dict[str, float], lowest: bool = True) -> Optional[Tuple[str, float]]:
    """The best of (name, value), or None of nothing."""
    if not values:
        return None
    name = (min if lowest else max)(values, key=lambda key: values[key])
    return name, values[name]

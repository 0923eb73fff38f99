"""Tables as Parquet, with what msfser knows of them as metadata."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from lemf.runtime.input import check_input
from lemf.runtime.json_text import parse_json
from msfser.errors import MsfserError, first_line

if TYPE_CHECKING:
    import numpy as np
    import pyarrow
    from numpy.typing import NDArray

_METADATA_KEY = b"msfser"

_RowT = TypeVar("_RowT")
Column = tuple[str, str, Callable[[_RowT], object]]  # name, type, value of a row


def format_parquet(
    rows: Sequence[_RowT], columns: Iterable[Column[_RowT]], metadata: Mapping[str, object]
) -> bytes:
    """Format rows as Parquet; the same rows give the same bytes.

    Parameters
    ----------
    rows : sequence
    columns : iterable of (str, str, function of a row)
        Name, Arrow type, and the function that returns the value; None and NaN become null.
    metadata : mapping
        Stored as JSON; `read_parquet` returns it with the table.
    """
    import pyarrow

    arrays = {
        name: pyarrow.array([value_of(row) for row in rows], arrow_type, from_pandas=True)
        for name, arrow_type, value_of in columns
    }
    return _write_table(pyarrow.table(arrays, metadata={_METADATA_KEY: json.dumps(metadata)}))


def format_vectors(names: Sequence[str], vectors: NDArray[np.float32]) -> bytes:
    """Format embeddings as Parquet, one row per recording.

    Parameters
    ----------
    names : sequence of str
        Of the recordings, the column `recording`.
    vectors : (recordings, dim) float32
        The column `embedding`.
    """
    import pyarrow

    column = pyarrow.array(list(vectors), pyarrow.list_(pyarrow.float32()))
    return _write_table(pyarrow.table({"recording": names, "embedding": column}))


def _write_table(table: pyarrow.Table) -> bytes:
    import pyarrow.parquet

    stream = io.BytesIO()
    pyarrow.parquet.write_table(table, stream, compression="zstd", write_page_checksum=True)
    return stream.getvalue()


def read_parquet(
    path: Path,
    names: Iterable[str],
    error_type: type[MsfserError],
    command: str,
    *,
    optional: Iterable[str] = (),
    by_others: bool = False,
) -> tuple[pyarrow.Table, Any]:
    """Read a table that `format_parquet` made, and its metadata.

    Parameters
    ----------
    path : Path
    names : iterable of str
        Columns that the table must have; others are left out.
    error_type : type
        Class of the error to raise.
    command : str
        The command that makes the file, such as ``"msfser corpus"``.
    optional : iterable of str
        Columns that are returned, too, where the table has them.
    by_others : bool
        Accept a table that another program made, whose metadata are then None, and return all
        columns.

    Raises
    ------
    MsfserError
        Of `error_type`: the file is missing, not a Parquet file of msfser, or lacks a column.
    """
    import pyarrow
    import pyarrow.parquet

    names = list(names)
    check_input(path, error_type)
    try:
        table = pyarrow.parquet.read_table(path, page_checksum_verification=True)
        columns = table.column_names
        stored = table.schema.metadata or {}
        is_others = by_others and _METADATA_KEY not in stored
        metadata = None if is_others else parse_json(stored[_METADATA_KEY])
    except FileNotFoundError:
        raise error_type(f"{path}: no such file; make it with {command}") from None
    except (OSError, pyarrow.ArrowException) as error:
        fault = f"not a Parquet file ({first_line(error)})"
    except (KeyError, ValueError):
        fault = "not written by msfser"
    else:
        missing = [name for name in names if columns.count(name) != 1]
        twice = [name for name in columns if by_others and columns.count(name) > 1]
        if not missing and not twice:
            more = [name for name in optional if name not in names]
            names += [name for name in more if columns.count(name) == 1]
            return (table if by_others else table.select(names)), metadata
        fault = f"two columns {twice[0]!r}" if twice else f"no column {missing[0]!r}"
    raise error_type(f"{path}: {fault}; check the path, or make it with {command}")


def select_columns(
    table: pyarrow.Table, needed: Sequence[str], optional: Sequence[str]
) -> pyarrow.Table:
    """Return the columns that are needed, and the optional ones, empty where they are missing."""
    import pyarrow

    for name in optional:
        if name not in table.column_names:
            table = table.append_column(name, pyarrow.nulls(table.num_rows))
    return table.select([*needed, *optional])


def convert_columns(
    path: Path, table: pyarrow.Table, types: Mapping[str, str], error_type: type[MsfserError]
) -> pyarrow.Table:
    """Convert the columns of a table to Arrow types, such as those that pandas made wider.

    The columns `id`, `wav` and `status` need a value in each row.

    Raises
    ------
    MsfserError
        Of `error_type`: a column holds other values, or text that is not UTF-8.
    """
    import pyarrow

    for name, kind in types.items():
        try:
            column = table[name]
            if kind == "string" and pyarrow.types.is_floating(column.type):  # NaN of pandas
                column = pyarrow.chunked_array([pyarrow.array(column.to_numpy(), from_pandas=True)])
            column = column.cast(kind)
            column.validate(full=True)
        except pyarrow.ArrowException as error:
            fault = f"{name} is not {kind} ({first_line(error)})"
            raise error_type(f"{path}: {fault}") from error
        if name in ("id", "wav", "status") and column.null_count:
            article = "an" if name == "id" else "a"
            raise error_type(f"{path}: a row without {article} {name}; give each row one")
        table = table.set_column(table.column_names.index(name), name, column)
    return table

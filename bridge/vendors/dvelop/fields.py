"""The words in which the master data's table is written: fields, their types, and entities."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Type(StrEnum):
    """What a field's value is. ``DATE`` is a string of the form YYYY-MM-DD."""

    TEXT = "string"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    LINES = "lines"


class Need(StrEnum):
    """Whether a field must be there.

    ``DISPUTED``: the vendor's table says mandatory, its own example or text says otherwise. By
    default its absence is a warning, in strict mode an error.
    """

    MUST = "mandatory"
    MAY = "optional"
    DISPUTED = "disputed"


class Shape(StrEnum):
    """What a text must look like."""

    ANY = ""
    COUNTRY = "country"
    CURRENCY = "currency"
    IBAN = "iban"


PATTERNS = {Shape.COUNTRY: "[A-Z]{2}", Shape.CURRENCY: "[A-Z]{3}"}
"""Regular expressions of the shapes that are errors when missed: ISO 3166-1 alpha-2, ISO 4217."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of a record. ``filled``: a mandatory text that may not be empty, because it names
    the record. ``blank``: an empty text counts as given. ``values`` lists the texts that are
    allowed. ``needed_with``: a disputed field matters only beside one of these."""

    name: str
    type: Type = Type.TEXT
    need: Need = Need.MAY
    text: str = ""
    shape: Shape = Shape.ANY
    values: tuple[str, ...] = ()
    filled: bool = False
    blank: bool = False
    needed_with: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """The table of a kind of record. ``key`` names the fields that tell records apart; ``unique``:
    two records of one list with the same key are an error, else a warning. ``lines`` is the table
    of the records in ``line_items``."""

    fields: tuple[Field, ...]
    key: tuple[str, ...]
    unique: bool = False
    lines: Record | None = None

    def field(self, name: str) -> Field | None:
        """Return the field of that name, ``None`` if the table has none."""
        return next((each for each in self.fields if each.name == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """A list of master data: its name in paths and as wrapper key, and what its records hold.

    ``preview``: the vendor wants to be asked before it is used.
    """

    name: str
    title: str
    record: Record
    preview: bool = False


def text(
    name: str,
    need: Need = Need.MAY,
    meaning: str = "",
    *,
    shape: Shape = Shape.ANY,
    values: tuple[str, ...] = (),
    filled: bool = False,
) -> Field:
    """Return a field that holds a string."""
    return Field(name=name, need=need, text=meaning, shape=shape, values=values, filled=filled)


def number(name: str, need: Need = Need.MAY, meaning: str = "") -> Field:
    """Return a field that holds a number."""
    return Field(name=name, type=Type.NUMBER, need=need, text=meaning)


def flag(name: str, need: Need = Need.MAY, meaning: str = "") -> Field:
    """Return a field that holds a boolean."""
    return Field(name=name, type=Type.BOOLEAN, need=need, text=meaning)


def date(name: str, need: Need = Need.MAY, meaning: str = "") -> Field:
    """Return a field that holds a day."""
    return Field(name=name, type=Type.DATE, need=need, text=meaning)


def identity(name: str, meaning: str = "") -> Field:
    """Return a mandatory string that names a record and is never empty."""
    return text(name, Need.MUST, meaning, filled=True)


def customs(meaning: str) -> tuple[Field, ...]:
    """Return the twenty freely used strings ``custom1`` to ``custom20``."""
    return tuple(text(f"custom{n}", Need.MAY, meaning) for n in range(1, 21))


def company(need: Need = Need.MAY) -> Field:
    """Return the company that a record belongs to; where it may be absent the record is valid for
    all companies."""
    if need is Need.MUST:
        return identity("company_id", "company that the record belongs to")
    return text("company_id", need, "company that the record belongs to; absent: all companies")

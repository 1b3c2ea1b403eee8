"""An XML text as a tree of elements with lines and columns; no document type, no entities."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from xml.parsers import expat

from crossmargin.basics.refusals import RefusedError
from crossmargin.feeds.span.records import Faults

XML_RULE = "SPAN: XML parameter file"
_DEPTH_MAX = 40
_NUMBER = re.compile(r"[+-]?(\d{1,20}(\.\d{0,20})?|\.\d{1,20})([eE][+-]?\d{1,2})?", re.ASCII)
_LONGEST_SHOWN = 60


@dataclass(slots=True)
class Element:
    """An element: name, place, text, children, and where faults of it go."""

    name: str
    line: int
    column: int
    faults: Faults
    text: str = ""
    children: list[Element] = field(default_factory=list)
    is_repeated: bool = False

    def all(self, name: str) -> Iterator[Element]:
        """Yield the children of a name."""
        return (child for child in self.children if child.name == name)

    def first(self, name: str) -> Element | None:
        """Return the child of a name, or the first one of those for several rates.

        Two where one is expected are a fault of the second: which was meant is not known. Children
        that say different ``r`` (rate) or ``id`` (of a group) stand beside each other.
        """
        found = list(self.all(name))
        if len(found) > 1:
            note_repeated(found, "r", "id")
        return found[0] if found else None

    def get(self, name: str, default: str | None = None) -> str:
        """Return the text of a child; a missing one is the default, and a fault without one."""
        child = self.first(name)
        if child is not None:
            return child.text
        if default is None:
            self.fault(self.name, f"an element {name} in it")
        return default or ""

    def number(self, name: str, default: Fraction | None = None) -> Fraction:
        """Return the number in a child."""
        child = self.first(name)
        if child is None:
            if default is None:
                self.fault(self.name, f"an element {name} in it")
            return default or Fraction(0)
        return child.value()

    def whole(self, name: str, default: int | None = None) -> int:
        """Return the whole number in a child."""
        number = self.number(name, None if default is None else Fraction(default))
        if number.denominator != 1:
            (self.first(name) or self).fault(str(number), "a whole number")
        return int(number)

    def value(self) -> Fraction:
        """Return the number that the text is."""
        if not _NUMBER.fullmatch(self.text):
            self.fault(self.text, "a decimal number")
            return Fraction(0)
        return Fraction(self.text)

    def fault(self, value: str, expected: str) -> None:
        """Note a fault at the element."""
        shown = value[:_LONGEST_SHOWN]
        self.faults.add(self.name, shown, expected, self.line, self.column)


def note_repeated(elements: Iterable[Element], *identifiers: str) -> None:
    """Note each element that says the same identifiers as one before it, once.

    Parameters
    ----------
    elements : iterable of Element
        Of one name, in one place.
    identifiers : str
        Children that tell them apart; those without any are the same.
    """
    known: set[tuple[str, ...]] = set()
    for element in elements:
        said = [child for child in element.children if child.name in identifiers]
        key = tuple(f"{child.name} {child.text}" for child in said)
        if key in known and not element.is_repeated:
            element.is_repeated = True
            which = f" with {', '.join(key)}" if key else ""
            element.fault(element.text or element.name, f"one element {element.name}{which} there")
        known.add(key)


def parse_xml(content: bytes, faults: Faults) -> Element:
    """Return the root element.

    Raises
    ------
    RefusedError
        If the text is not well formed, is nested deeply, or declares a document type or entities.
    """
    building = _Building(faults)
    parser = expat.ParserCreate()
    parser.buffer_text = True
    building.parser = parser
    parser.StartElementHandler = building.start
    parser.EndElementHandler = building.end
    parser.CharacterDataHandler = building.characters
    parser.StartDoctypeDeclHandler = building.declared
    parser.EntityDeclHandler = building.declared
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        message = expat.ErrorString(error.code)
        faults.add("file", "", f"well-formed XML ({message})", error.lineno, error.offset + 1)
        raise RefusedError(*faults.all()) from None
    return building.root


class _Building:
    parser: expat.XMLParserType

    def __init__(self, faults: Faults) -> None:
        self.faults = faults
        self.root = Element("", 1, 1, faults)
        self._open: list[Element] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        line, column = self.parser.CurrentLineNumber, self.parser.CurrentColumnNumber + 1
        element = Element(name, line, column, self.faults)
        if attributes:
            element.fault(next(iter(attributes)), "an element without attributes")
        if len(self._open) >= _DEPTH_MAX:
            self._refuse(name, f"elements nested at most {_DEPTH_MAX} deep")
        if self._open:
            self._open[-1].children.append(element)
        else:
            self.root = element
        self._open.append(element)

    def end(self, _: str) -> None:
        element = self._open.pop()
        element.text = element.text.strip()

    def characters(self, text: str) -> None:
        if not self._open[-1].children:
            self._open[-1].text += text
        elif text.strip():
            self._open[-1].fault(text.strip(), "no text between elements")

    def declared(self, name: str, *_: object) -> None:
        self._refuse(name, "no document type and no entity declarations")

    def _refuse(self, value: str, expected: str) -> None:
        line, column = self.parser.CurrentLineNumber, self.parser.CurrentColumnNumber + 1
        self.faults.add("file", value[:_LONGEST_SHOWN], expected, line, column)
        raise RefusedError(*self.faults.all())

"""Dates that spreadsheets make of gene symbols: SEPT2 becomes 2-Sep, MARCH1 becomes 1-Mar, in every language."""

from __future__ import annotations

import re
from datetime import date, timedelta

_MONTHS = {
    1: "jan januar january janv janvier ene enero gen gennaio janeiro januari sty",
    2: "feb februar february fev févr fevr février febrero febbraio fevereiro februari lut",
    3: "mar march mrz mär maer märz maerz mars marzo março marco mrt maart marzec mär",
    4: "apr april avr avril abr abril aprile kwi",
    5: "may mai mayo mag maggio maio mei maj",
    6: "jun june juni juin junio giu giugno junho cze",
    7: "jul july juli juil juillet julio lug luglio julho lip",
    8: "aug august aoû août aout ago agosto augustus sie",
    9: "sep sept september septembre septiembre set sett settembre setembro wrz",
    10: "oct october okt oktober octobre octubre ott ottobre out outubro oktobre paź",
    11: "nov november novembre noviembre novembro lis",
    12: "dec december dez dezember déc décembre decembre dic diciembre dicembre dezembro gru",
}
_MONTH_OF = {word: month for month, words in _MONTHS.items() for word in words.split()}
#: month -> beginnings of the symbols that spreadsheets turn into dates of it, by their present names
_FAMILIES = {9: ("SEPTIN",), 3: ("MARCHF", "MTARC"), 12: ("DELEC",)}

_CLOCK = r"(?:[ T]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?"
_WORD = r"([^\W\d_]{3,10})\.?"
_DAY_MONTH = re.compile(rf"(\d{{1,2}})(?:\.\s?|[\s/-]){_WORD}(?:[\s/-]+(?:\d{{4}}|\d{{2}}))?{_CLOCK}")
_MONTH_DAY = re.compile(rf"{_WORD}[\s/-](\d{{1,2}})(?:,?[\s/-]+\d{{4}})?{_CLOCK}")
_MONTH_YEAR = re.compile(rf"{_WORD}[\s/-]\d{{4}}")
_ISO = re.compile(rf"\d{{4}}[./-](\d{{1,2}})[./-](\d{{1,2}}){_CLOCK}")
_NUMBERS = re.compile(rf"(\d{{1,2}})[./-](\d{{1,2}})[./-](?:\d{{4}}|\d{{2}}){_CLOCK}")
_SERIAL = re.compile(r"(\d{5})(?:\.0+)?")
_DAY_0 = date(1899, 12, 30)  # day 0 of spreadsheets
_SERIALS = range(34_000, 51_000)  # days from 1993 to 2039: spreadsheets of gene symbols


def symbols_of_date(text: str, *, serial: bool = False) -> tuple[str, ...] | None:
    """Symbols that a spreadsheet may have turned into a date.

    Parameters
    ----------
    text
        Cell.
    serial
        A number of five digits is a date (the days since 1900).

    Returns
    -------
    tuple of str or None
        The symbols by their present names, whether they exist or not; empty
        for a date that no symbol known to become one explains; None for what
        is no date.

    Examples
    --------
    >>> symbols_of_date("2-Sep"), symbols_of_date("02. Mrz"), symbols_of_date("2023-09-02 00:00:00")
    (('SEPTIN2',), ('MARCHF2', 'MTARC2'), ('SEPTIN2',))
    >>> symbols_of_date("45171", serial=True), symbols_of_date("Oct-04"), symbols_of_date("CD63")
    (('SEPTIN2',), (), None)
    """
    days = _days(" ".join(text.split()).lower(), serial=serial)
    if days is None:
        return None
    return tuple(f"{family}{day}" for month, day in days for family in _FAMILIES.get(month, ()))


def _days(text: str, *, serial: bool) -> list[tuple[int, int]] | None:
    """Months and days that a cell may mean; nothing where it is no date."""
    for pattern, month, day in ((_DAY_MONTH, 2, 1), (_MONTH_DAY, 1, 2)):
        match = pattern.fullmatch(text)
        if match and match[month] in _MONTH_OF:
            return [(_MONTH_OF[match[month]], int(match[day]))]
    year_only = _MONTH_YEAR.fullmatch(text)
    if year_only and year_only[1] in _MONTH_OF:
        return []
    iso = _ISO.fullmatch(text.upper())
    if iso:
        return [(int(iso[1]), int(iso[2]))]
    numbers = _NUMBERS.fullmatch(text)
    if numbers:  # 9/2/2023 is written by some as 2/9/2023
        first, second = int(numbers[1]), int(numbers[2])
        return list(dict.fromkeys([(first, second), (second, first)]))
    number = _SERIAL.fullmatch(text) if serial else None
    if number and int(number[1]) in _SERIALS:
        found = _DAY_0 + timedelta(days=int(number[1]))
        return [(found.month, found.day)]
    return None

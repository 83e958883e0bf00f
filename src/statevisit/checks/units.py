"""Units of measures: codes of UCUM, codes that mean another unit, and conversion."""

import re
from decimal import Decimal
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from msgspec import Struct

from statevisit.checks.registry import Context, Problems, check
from statevisit.document.model import Document, in_english
from statevisit.document.number_words import read
from statevisit.document.unit_words import unit_codes

if TYPE_CHECKING:
    from lark import Lark
    from pint import Quantity
    from ucumvert import PintUcumRegistry


@check("E503")
def units(document: Document, context: Context) -> Problems:
    """The unit of the measure is not in UCUM.

    Measures carry codes of the Unified Code for Units of Measure, which programs can convert; a
    word is not such a code. ucumvert, which contains UCUM's own table, reads the codes.
    (Currencies are ISO 4217; the schema lists them.)

    Wrong: `"kind":"MEASURE","unit":"kilometres"`
    Right: `"kind":"MEASURE","unit":"km"`
    """
    for number, quantity in enumerate(document.quantities):
        if quantity.kind == "MEASURE" and quantity.unit and not is_unit(quantity.unit):
            yield ("quantities", number, "unit"), f"{quantity.unit!r}"


@cache
def _unit_parser() -> "Lark":
    from ucumvert import get_ucum_parser

    parser: Lark = get_ucum_parser()
    return parser


COMMON_UNITS = frozenset(
    """
    m km cm mm m2 km2 har m3 [ft_i] [mi_i] [in_i] [yd_i] [nmi_i] [acr_us] g kg mg t [lb_av] [oz_av]
    L mL [gal_us] [bbl_us] s min h d wk mo a Hz MHz GHz W kW MW GW kW.h MW.h GW.h TW.h V kV A J kJ
    kcal K Cel [degF] m/s km/h [mi_i]/h [kn_i] By kBy MBy GBy TBy Pa kPa bar deg dB %
    """.split()  # noqa: SIM905  a list would take a line for each code
)
"""Codes that are known without the parser of UCUM, which takes as long to import as all else."""


@lru_cache(4096)
def is_unit(code: str) -> bool:
    """Whether a code is in UCUM."""
    if code in COMMON_UNITS:
        return True
    from lark.exceptions import LarkError

    try:
        _unit_parser().parse(code)
    except LarkError:
        return False
    return True


_NEVER_MEANT = {
    "ft": ("a femtotonne", "[ft_i]"),
    "pt": ("a picotonne", "[pt_us]"),
    "ct": ("a centitonne", "[car_m]"),
    "mt": ("a millitonne", "t"),
    "MT": ("a megatesla", "t"),
    "mph": ("a millipicohour", "[mi_i]/h"),
    "kph": ("a kilopicohour", "km/h"),
    "au": ("an attodalton", "AU"),
    "kB": ("a kilobel", "kBy"),
    "MB": ("a megabel", "MBy"),
    "GB": ("a gigabel", "GBy"),
    "TB": ("a terabel", "TBy"),
    "PB": ("a petabel", "PBy"),
}
"""Codes that a text about people and events does not mean: what each is, and what is meant."""

_SELDOM_MEANT = {
    "C": ("a coulomb", "Cel"),
    "F": ("a farad", "[degF]"),
    "B": ("a bel", "By"),
    "b": ("a barn", "bit"),
    "G": ("a gauss", "[g]"),
    "T": ("a tesla", "t"),
    "st": ("a stere", "[stone_av]"),
    "kt": ("a kilotonne", "[kn_i]"),
    "nm": ("a nanometre", "[nmi_i]"),
    "Gal": ("a galileo", "[gal_us]"),
    "m": ("a metre", "[mi_i]"),
    "h": ("an hour", "har"),
    "a": ("a year", "har"),
    "g": ("a gram", "[g]"),
}
"""Codes that are wrong where the words state another unit."""

_COMPONENT = re.compile(r"[A-Za-z]+|\[[^]]*\]|\{[^}]*\}")


def meant_unit(unit: str, in_words: tuple[str, ...]) -> tuple[str, str] | None:
    """What a code is by accident, and the code that is meant; None if the code can be meant.

    `in_words` are the codes for the words of the quantity; none for unknown words.
    """
    if unit in in_words:
        return None
    for component in _COMPONENT.findall(unit):
        if component in _NEVER_MEANT:
            name, meant = _NEVER_MEANT[component]
            return f"{component} is {name}", unit.replace(component, meant)
        if component in _SELDOM_MEANT:
            name, meant = _SELDOM_MEANT[component]
            code = unit.replace(component, meant)
            if code in in_words:
                return f"{component} is {name}", code
    return None


@check("W514")
def accidental_units(document: Document, context: Context) -> Problems:
    """The unit is a code of UCUM that means another unit.

    Many abbreviations are codes by accident: `ft` is a femtotonne, `mph` a millipicohour, `F` a
    farad. Programs that convert the value convert it wrongly. Codes such as `F` and `nm`, which
    can be meant, are reported only where English words state another unit.

    Wrong: "6 feet" with `"unit":"ft"`
    Right: "6 feet" with `"unit":"[ft_i]"`
    """
    english = in_english(document)
    for number, quantity in enumerate(document.quantities):
        if quantity.kind != "MEASURE" or not is_unit(quantity.unit or ""):
            continue
        reading = read(quantity.text) if english else None
        meant = meant_unit(quantity.unit or "", unit_codes(reading.rest) if reading else ())
        if meant is not None:
            yield ("quantities", number, "unit"), f"{meant[0]}; write {meant[1]}"


class Conversion(Struct, frozen=True):
    """The amount in one unit for an amount in another: `factor` times the amount, plus `offset`.

    The offset is that of scales with their own zero, such as degrees Celsius.
    """

    factor: Decimal
    offset: Decimal

    def convert(self, amount: Decimal) -> Decimal:
        """Convert an amount."""
        return amount * self.factor + self.offset


UNKNOWN = Conversion(Decimal(0), Decimal(0))
"""Between logarithmic scales, and units of UCUM without a counterpart in pint."""


_BY_DEFINITION = {
    "'": "(deg/60)",
    "''": "(deg/3600)",
    "[cft_i]": "[ft_i]3",
    "[cyd_i]": "[yd_i]3",
    "[rd_br]": "([yd_br].11/2)",
    "[ch_br]": "([yd_br].22)",
    "[Cal]": "kcal_th",
    "[LPF]": "100",
    "G": "(T/10000)",
    "Mx": "(Wb/100000000)",
    "g%": "(g/dL)",
}
"""Units of UCUM that ucumvert takes for others, by UCUM's definitions."""

_PART = re.compile(r"\[[^]]*\]|''|'|[A-Za-z_]+%?|\{[^}]*\}")


def _in_pint(code: str) -> "Quantity[float]":
    """One unit of a code as a quantity of pint."""
    code = _PART.sub(lambda part: _BY_DEFINITION.get(part[0], part[0]), code)
    one: Quantity[float] = _unit_registry().from_ucum(code)
    return one


@lru_cache(1024)
def conversion(source: str, target: str) -> Conversion | None:
    """Return the conversion from one unit to another.

    None if they measure different things. `UNKNOWN` if there is no such conversion.
    """
    from lark.exceptions import LarkError
    from pint import PintError

    registry = _unit_registry()
    try:
        one_source, one_target = _in_pint(source), _in_pint(target)
        if not one_source.is_compatible_with(one_target):
            return None
        zero, one, two = (
            _decimal(registry.Quantity(amount, one_source.units).to(one_target.units).magnitude)
            for amount in (0, 1, 2)
        )
        per_source, per_target = _decimal(one_source.magnitude), _decimal(one_target.magnitude)
    except (LarkError, PintError, AttributeError, ArithmeticError, ValueError):
        return UNKNOWN
    if not per_target or abs(two - 2 * one + zero) > abs(two) / 10**6:
        return UNKNOWN
    return Conversion((one - zero) * per_source / per_target, zero / per_target)


def _decimal(number: float) -> Decimal:
    """A floating-point number without the digits that are noise."""
    return Decimal(f"{number:.12g}")


@cache
def _unit_registry() -> "PintUcumRegistry":
    from ucumvert import PintUcumRegistry

    return PintUcumRegistry()

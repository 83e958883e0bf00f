"""English words and abbreviations of units as codes of UCUM."""

from functools import lru_cache
from itertools import product

_PREFIXES = {
    "exa": "E",
    "peta": "P",
    "tera": "T",
    "giga": "G",
    "mega": "M",
    "kilo": "k",
    "hecto": "h",
    "deci": "d",
    "centi": "c",
    "milli": "m",
    "micro": "u",
    "nano": "n",
    "pico": "p",
    "atto": "a",
    "": "",
}

_METRIC = {
    "m": "metre meter",
    "g": "gram gramme",
    "L": "litre liter",
    "s": "second sec",
    "W": "watt",
    "J": "joule",
    "Hz": "hertz",
    "N": "newton",
    "Pa": "pascal",
    "V": "volt",
    "A": "amp ampere",
    "Ohm": "ohm",
    "Gy": "gray",
    "Sv": "sievert",
    "Bq": "becquerel",
    "mol": "mole",
    "eV": "electronvolt",
    "By": "byte",
    "bit": "bit",
    "bar": "bar",
    "cal": "calorie",
    "t": "tonne",
    "a": "annum",
    "W.h": "watthour",
}
"""Units with prefixes: code, and names without the plural's s."""

_OTHERS = """
[mi_i] [mi_us] [nmi_i]: mile, mi
[nmi_i]: nautical mile, nmi
[nmi_i] nm: nm
[mi_i]/h: mph
[kn_i] [kn_br]: knot, kts, kn
[kn_i] kt: kt
km/h: kph, kmh, kmph
[ft_i] [ft_us] [ft_br]: foot, feet, ft
[ft_i] ': ′, ', ’
[in_i] '': ″, ", ”
[in_i] [in_us] [in_br]: inch, inches, in, ins
[yd_i] [yd_us] [yd_br]: yard, yd
[fth_i] [fth_us]: fathom
[fur_us]: furlong
[acr_us] [acr_br]: acre, ac
har: hectare, ha
[lb_av] [lb_tr] [lb_ap] [lbf_av]: pound, lb
[oz_av] [oz_tr] [oz_ap] [foz_us] [foz_br]: ounce, oz
[foz_us] [foz_br]: fluid ounce, fl oz, floz
[oz_tr]: troy ounce
[stone_av]: stone, st
t [ston_av] [lton_av]: ton
t Mt: mt
[ston_av]: short ton
[lton_av]: long ton
t: metric ton, metric tonne
[gal_us] [gal_br]: gallon, gal
[pt_us] [pt_br] [dpt_us]: pint, pt
T: tesla
[qt_us] [qt_br] [dqt_us]: quart, qt
[cup_us] [cup_m]: cup
[tbs_us] [tbs_m]: tablespoon, tbsp
[tsp_us] [tsp_m]: teaspoon, tsp
[bbl_us]: barrel, bbl
[bu_us] [bu_br]: bushel
[dr_av] [dr_ap]: dram, drachm, drachma
[HP]: horsepower, hp
cal kcal [Cal]: calorie, cal
kcal: kilocalorie, kcal
[Btu] [Btu_IT] [Btu_th] [Btu_39] [Btu_59] [Btu_60]: british thermal unit, btu
Cel [degF] K deg: degree, deg, °, º
Cel: celsius, celcius, centigrade, centigrate, ℃
Cel C: c
C: coulomb
[degF]: fahrenheit, farenheit, ℉
[degF] F: f
F: farad
K: kelvin
deg: arc degree
rad: radian
circ: turn, revolution
[car_m] [car_Au]: carat, karat, ct
[psi]: psi
atm: atmosphere
m[Hg]: metre of mercury
mm[Hg]: mmhg
[in_i'Hg]: inch of mercury, inches of mercury
dB B[SPL] dB[SPL]: decibel, db
cm3 mL: cc
ug: mcg, μg, µg
[mil_i]: mil
um: micron, μm, µm
L: l, ltr
kg: kilo
Mg: megagram
AU: astronomical unit, au
[ly]: light year, lightyear
pc: parsec
min: minute, min
h: hour, hr, hrs, h
d: day, d
wk: week, wk
mo mo_g mo_j mo_s: month, mo
a a_j a_g a_t: year, yr, y, annum, year old, month old, yo
W.h: watt hour, wh
kW.h: kilowatt hour, kwh
MW.h: megawatt hour, mwh
GW.h: gigawatt hour, gwh
TW.h: terawatt hour, twh
Mbit MBy mbar: mb
kbit kBy KiBy: kb
GBy Gbit GiBy: gb
TBy Tbit TiBy: tb
bit b By: b
b: barn
st: stere
By bit: B
KiBy: kibibyte
MiBy: mebibyte
GiBy: gibibyte
G: gauss, G
[g] g: g force
[ppm]: part per million, ppm
[ppb]: part per billion, ppb
"""
"""Units without prefixes: codes, the likeliest first, and names without the plural's s."""


def _table() -> dict[str, tuple[str, ...]]:
    names: dict[str, tuple[str, ...]] = {
        prefix + name: (code + unit,)
        for unit, words in _METRIC.items()
        for name in words.split()
        for prefix, code in _PREFIXES.items()
    }
    for line in _OTHERS.strip().splitlines():
        codes, _, words = line.partition(": ")
        for name in words.split(", "):
            names[name] = tuple(dict.fromkeys((*codes.split(), *names.get(name, ()))))
    return names


_CODES = _table()
_SYMBOLS = {
    prefix + unit: (prefix + unit,) for unit in (*_METRIC, "l") for prefix in _PREFIXES.values()
}


def _in_lower_case() -> dict[str, tuple[str, ...]]:
    """The symbols of more than one letter by their spelling in lower case: "mw" is MW or mW."""
    by_name: dict[str, tuple[str, ...]] = {}
    for symbol in _SYMBOLS:
        if len(symbol) > 1:
            by_name[symbol.lower()] = (*by_name.get(symbol.lower(), ()), symbol)
    return by_name


_SYMBOLS_IN_LOWER_CASE = _in_lower_case()
_POWERS = {"square": "2", "sq": "2", "cubic": "3", "cu": "3"}
_POWERS_AFTER = {"squared": "2", "cubed": "3", "^2": "2", "^3": "3", "²": "2", "³": "3"}
_PER = ("per", "/", "a", "an")


@lru_cache(4096)
def unit_codes(words: tuple[str, ...]) -> tuple[str, ...]:
    """The codes that words can stand for, the likeliest first; none for unknown words.

    ("square", "kilometres") is ("km2",), ("miles", "an", "hour") is ("[mi_i]/h", …).
    """
    words = _without_manner(words)
    for at, word in enumerate(words):
        if at and word.lower() in _PER:
            above, below = unit_codes(words[:at]), unit_codes(words[at + 1 :])
            if below == ("d",) and any(code.endswith(("bit", "By")) for code in above):
                return ()  # barrels a day: "2 mb/d"
            return tuple(f"{one}/{other}" for one, other in product(above, below))
    return _simple(words)


def _without_manner(words: tuple[str, ...]) -> tuple[str, ...]:
    """Words of a unit without "below zero" and "old", which leave it unchanged."""
    kept = tuple(word for word in words if word not in "-.()" or len(words) == 1)
    if len(kept) > 1 and kept[-1] in "'’":  # six weeks' notice
        kept = kept[:-1]
    lower = tuple(word.lower() for word in kept)
    for manner in (("below", "zero"), ("above", "zero"), ("old",), ("of", "age")):
        if len(lower) > len(manner) and lower[-len(manner) :] == manner:
            return kept[: -len(manner)]
    return kept


def _simple(words: tuple[str, ...]) -> tuple[str, ...]:
    """The codes of a unit without "per"."""
    if not words:
        return ()
    lower = [word.lower() for word in words]
    power = _POWERS.get(lower[0], "")
    if power:
        words, lower = words[1:], lower[1:]
    elif lower[-1] in _POWERS_AFTER:
        power = _POWERS_AFTER[lower[-1]]
        words, lower = words[:-1], lower[:-1]
    elif words and lower[-1][-1:] in "23²³" and lower[-1][-2:-1] not in ("", "^"):
        power = _POWERS_AFTER.get("^" + lower[-1][-1], _POWERS_AFTER.get(lower[-1][-1], ""))
        words = (*words[:-1], words[-1][:-1])
        lower = [*lower[:-1], lower[-1][:-1].removesuffix("^")]
    in_degrees = len(lower) > 1 and lower[0] in ("degree", "degrees", "deg", "°", "º")
    if in_degrees:
        words, lower = words[1:], lower[1:]
    codes = _named(" ".join(words), " ".join(lower).removesuffix("^"))
    if in_degrees:
        codes = tuple(code for code in codes if code in ("Cel", "[degF]", "K"))
    return tuple(code + power for code in codes if not power or code.isalpha() or code[-1] == "]")


def _named(exact: str, lower: str) -> tuple[str, ...]:
    if exact in _SYMBOLS and exact not in _CODES:
        return _SYMBOLS[exact]
    for name in (exact, lower, lower.removesuffix("s"), lower.removesuffix("es")):
        if name in _CODES:
            return _CODES[name]
    for name in (lower, lower.removesuffix("s")):
        if name in _SYMBOLS_IN_LOWER_CASE:
            return _SYMBOLS_IN_LOWER_CASE[name]
    return ()

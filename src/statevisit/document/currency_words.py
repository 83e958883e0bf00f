"""Signs, codes and English names of currencies in the words of a quantity."""

from functools import cache

from statevisit.document.scheme import base


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_CODES_IN_LOWER_CASE = _words("usd eur gbp try jpy cny rub azn tl rmb btc inr chf aud cad rs")
"""Codes that are recognised in lower case; others may be words ("all", "top", "cup")."""

_PREFIXES = _words("us u s a au c ca can hk nz nt r sg")
"""Beginnings that are written apart from a sign: "us $"."""

_NAMES = _words(
    "afghani ariary baht balboa birr bitcoin bolivar bolívar boliviano cedi colon colón cordoba"
    " córdoba dalasi denar dinar dirham dollar dong dram drachma escudo euro florin forint franc"
    " gourde guilder guarani hryvnia hryvna kina kip koruna korun krona kronor króna krone kroner"
    " kroon kuna kwacha kwanza kyat lari lat lek lempira leone lev leva leu lei lira lire livre"
    " loti manat mark markka markkaa metical naira nakfa ngultrum ouguiya pataca peseta peso pound"
    " pula punt quetzal rand real reais reai renminbi rial ringgit riyal rouble ruble rufiyaa rupee"
    " rupiah schilling shekel sheqel shilling sol sole som somoni sterling sum tael taka tala"
    " tenge togrog tugrik won yen yuan kuai zloty złoty zlotych złotych buck quid"
)
_MINOR_NAMES = _words(
    "cent penny pence p c kopeck kopek copeck piastre piaster centavo centime satang sen paisa"
    " paise fils halala kuruş kurus öre ore øre eyrir groszy grosz fillér haler qapik tiyin agorot"
)
"""Names of hundredths of a currency."""

_OF_A_COUNTRY = _words(
    "american us u s british uk english irish scottish canadian australian new zealand hong kong"
    " singapore taiwan taiwanese jamaican barbados bermudian brunei fijian liberian namibian"
    " zimbabwean swiss french belgian norwegian swedish danish icelandic finnish dutch german"
    " austrian italian spanish portuguese greek turkish cypriot czech slovak polish hungarian"
    " romanian bulgarian serbian croatian bosnian convertible macedonian albanian ukrainian russian"
    " belarusian moldovan georgian armenian azerbaijani azeri kazakh kazakhstani uzbek kyrgyz tajik"
    " turkmen mongolian chinese japanese korean south north thai malaysian indonesian philippine"
    " vietnamese lao cambodian burmese myanmar indian pakistani bangladeshi nepalese nepali sri"
    " lankan mauritian iranian iraqi israeli jordanian kuwaiti lebanese omani qatari saudi syrian"
    " yemeni bahraini emirati uae egyptian libyan tunisian algerian moroccan sudanese ethiopian"
    " kenyan ugandan tanzanian rwandan burundian somali nigerian ghanaian gambian african cfa"
    " congolese angolan zambian malawian mozambican botswana mexican cuban dominican argentine"
    " argentinian bolivian brazilian chilean colombian costa rican peruvian uruguayan paraguayan"
    " venezuelan"
)


@cache
def _codes() -> frozenset[str]:
    return frozenset(base().definitions["currency"]["enum"])


def _is_sign(token: str) -> bool:
    return token[-1] in "$€£¥₺₽₹₩₼₾₿₫₴₦₱₪฿₸₡₭元"


def _is_code(token: str) -> bool:
    return token.lower() in _CODES_IN_LOWER_CASE or token in _codes()


def _is_name(word: str) -> bool:
    return word in _NAMES or word.removesuffix("s") in _NAMES


def without_signs(tokens: list[str]) -> tuple[list[str], bool]:
    """The tokens without the signs and codes of currencies, and whether a currency is named."""
    kept: list[str] = []
    named = False
    for token in tokens:
        if _is_sign(token):
            while kept and kept[-1].lower() in (*_PREFIXES, "."):
                kept.pop()
            named = True
        elif _is_code(token) or (token == "." and named and not kept):  # "Rs. 500"
            named = True
        elif len(token) == 4 and token[0] in "mM" and _is_code(token[1:]):  # "30 MSEK"
            kept.append("m")
            named = True
        else:
            is_name = _is_name(token.lower())
            named = named or is_name
            if kept or not is_name:  # "dollar 22.5 million"
                kept.append(token)
    return kept, named


def is_currency(words: tuple[str, ...]) -> bool:
    """Whether words name a currency: "Swiss francs", "dollars a barrel", "pounds sterling".

    The words after a number that has a sign before it may name none: "a barrel".
    """
    for number, word in enumerate(words):
        if word.lower() in ("a", "an", "per", "each", "/"):
            return number + 2 <= len(words) <= number + 3 or word == "each"
        if not (_is_name(word.lower()) or word.lower() in (*_OF_A_COUNTRY, "-", ".")):
            return False
    return not words or _is_name(words[-1].lower()) or words[-1].lower() in _PREFIXES


def is_hundredth(words: tuple[str, ...]) -> bool:
    """Whether words name a hundredth of a currency: "cents", "pence"."""
    if not words:
        return False
    word = words[-1].lower()
    minor = word in _MINOR_NAMES or word.removesuffix("s") in _MINOR_NAMES
    return minor and (len(words) == 1 or is_currency((*words[:-1], "euro")))

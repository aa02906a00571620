"""Made-up people: names and companies of nobody, e-mails at example.com and its sisters, phones of fictional ranges."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Any


def _words(text: str) -> list[str]:
    return text.split()


FIRST_NAMES = _words("""
Ada Adam Agnes Aisha Alba Alice Amara Amina Anders Andrea Anika Anton Arthur Astrid Aurora Beatriz Ben Bianca Bruno
Camille Carla Cedric Chloe Clara Conor Dalia Daniel David Diego Dora Edith Elena Elias Elif Emil Emma Erik Esther Eva
Fatima Felix Femi Finn Fiona Frida Gabriel Gita Grace Greta Hana Hannah Harriet Hugo Ida Ines Ingrid Iris Isaac Ivan
Jack Jana Jasmin Joana Jonas Josef Julia Kai Karim Katya Keiko Kofi Lara Lars Layla Lea Leo Lina Louis Lucia Luka Maeve
Magnus Maja Malik Marco Maria Marta Mateo Maya Mei Mia Miguel Mila Milo Mina Mohan Nadia Naomi Nia Nils Nina Noah Nora
Olga Oliver Omar Oscar Otto Paula Pedro Petra Pia Priya Rafael Ravi Rosa Ruby Ruth Sam Samira Sara Sofia Stella Sven
Tara Theo Thomas Tilda Tomas Uma Vera Victor Viola Wanda Willem Yara Yusuf Zara Zoe
""")

LAST_NAMES = _words("""
Abbott Acar Adeyemi Ahlgren Almeida Amsel Andersson Antunes Appiah Arnaud Asante Bailey Baker Banerjee Barros Bauer
Becker Bello Berg Bianchi Blake Blum Bosch Brandt Bright Brook Burke Byrne Cabral Calder Campos Carter Castro Chandra
Chen Clarke Conti Costa Cruz Dahl Daly Dias Dogan Doyle Dubois Duran Eklund Ellis Engel Eriksen Esposito Evans Falk
Farah Faria Fischer Flynn Fontaine Foster Fox Frank Frost Fujita Gallo Garcia Gomes Graham Grant Greco Gruber Gupta
Haas Hale Hansen Hart Hassan Hayes Heller Henry Holm Horvat Hughes Ibrahim Ito Jansen Jensen Joshi Kamara Kaplan Kaur
Keller Kelly Khan Klein Koch Kovac Kumar Lam Lane Lang Larsen Laurent Lehmann Lenz Lima Lind Lopez Lund Maas Malik
Marin Martin Mensah Meyer Mishra Moreau Moretti Mori Murphy Nagy Nair Navarro Ndiaye Neumann Nguyen Nielsen Nolan
Novak Nowak Obi Okafor Olsen Ortega Osei Owens Park Patel Pereira Petit Pinto Popov Quinn Rahman Ramos Rao Reed Reyes
Ricci Rivera Rossi Roux Ryan Saito Salas Santos Sato Schmid Shah Silva Singh Sousa Stein Stone Suarez Svensson Tanaka
Tran Turner Vargas Vega Vidal Vogel Wagner Walsh Weber West White Wolf Wood Yilmaz Young Zhang Ziegler
""")

COMPANY_NAMES = _words("""
Alderbrook Amberlane Applegarth Ashfold Baywick Birchmere Bluethorn Bramblecote Brightferry Cedarhythe Clovermill
Coppergate Dovecrest Eastmarrow Elmstead Emberfold Fernhollow Foxglade Glasswater Goldenquay Greyheron Harrowfield
Hazelbourne Heronsway Hollowpine Inkwell Ironbeck Juniperhall Kestrelmoor Kingfishers Larkhaven Lindenholt Longmeadow
Maplewick Marlowgate Mossbridge Nightingales Northmere Oakhurst Orchardleigh Otterburrow Palehorse Pebblebank Pinecross
Quillon Quarrystone Ravensley Redbarrow Riverstead Rowanhill Saltmarsh Silverfen Snowdrop Stonecroft Sundial Swallowtail
Tallgrass Thistledown Threewells Tidewater Umberfield Valeforge Wanderlight Westerholm Whitestile Willowbank Windlass
Winterbourne Woodsmoke Yarrowfield
""")

COMPANY_TRADES = _words("""
Analytics Bakeries Books Ceramics Clinics Coffee Components Consulting Cycles Design Electrics Events Farms Films
Foods Furniture Gardens Glass Homes Hotels Instruments Interiors Labs Learning Logistics Media Optics Outdoors Paper
Pharmacy Prints Robotics Roasters Schools Software Studios Supply Systems Textiles Tools Toys Travel Works
""")

_Phone = Callable[[Random], str]


@dataclass(frozen=True)
class _Country:
    """A country with some of its cities; `phone` makes a number nobody has, where such a range is set aside."""

    name: str
    share: int
    cities: list[str]
    phone: _Phone = lambda random: ""


def _between(form: str, first: int, last: int) -> _Phone:
    return lambda random: form.format(random.randint(first, last))


COUNTRIES = [
    _Country(
        "United States",
        24,
        ["Austin", "Boston", "Chicago", "Denver", "Portland", "San Diego"],
        lambda random: f"+1 {random.choice((202, 303, 312, 512, 617))} 555 01{random.randint(0, 99):02}",
    ),
    _Country(
        "United Kingdom",
        16,
        ["Bristol", "Edinburgh", "Leeds", "London", "Manchester"],
        _between("+44 20 7946 {:04}", 0, 999),
    ),
    _Country("Germany", 14, ["Berlin", "Hamburg", "Leipzig", "Munich"], _between("+49 30 23125 {:03}", 0, 999)),
    _Country("France", 9, ["Lille", "Lyon", "Nantes", "Paris"], _between("+33 1 99 00 {:04}", 0, 9999)),
    _Country("Canada", 6, ["Montreal", "Toronto", "Vancouver"], _between("+1 604 555 01{:02}", 0, 99)),
    _Country("Australia", 5, ["Brisbane", "Melbourne", "Sydney"], _between("+61 2 5550 {:04}", 0, 9999)),
    _Country("Ireland", 5, ["Cork", "Dublin", "Galway"], _between("+353 20 91{:05}", 0, 99999)),
    _Country("Sweden", 4, ["Gothenburg", "Malmö", "Stockholm"], _between("+46 8 465 004 {:02}", 0, 99)),
    _Country("Netherlands", 5, ["Amsterdam", "Rotterdam", "Utrecht"]),
    _Country("Portugal", 4, ["Lisbon", "Porto"]),
    _Country("Spain", 4, ["Barcelona", "Madrid", "Valencia"]),
    _Country("Brazil", 4, ["Curitiba", "Recife", "São Paulo"]),
]

PLANS = ["Free", "Starter", "Team", "Business"]


class People:
    """Makes people who all have their own e-mail."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._taken: set[str] = set()
        self._companies = self._make_companies()

    def _make_companies(self) -> list[tuple[str, _Country, int]]:
        """Names, country and number of employees; several people work for each."""
        names = [f"{name} {trade}" for name in COMPANY_NAMES for trade in COMPANY_TRADES]
        countries = self._random.choices(COUNTRIES, [country.share for country in COUNTRIES], k=900)
        return [
            (name, country, round(self._random.lognormvariate(3.6, 1.2)) + 2)
            for name, country in zip(self._random.sample(names, 900), countries, strict=True)
        ]

    def make(self, number: int) -> dict[str, Any]:
        """Fields of a new person, by name of the model's field."""
        first, last = self._random.choice(FIRST_NAMES), self._random.choice(LAST_NAMES)
        company, country, employees = self._random.choice(self._companies)
        return {
            "email": self._email(first, last),
            "external_id": f"C-{10_000 + number}",
            "first_name": first,
            "last_name": last,
            "company": company if self._random.random() < 0.85 else "",
            "city": self._random.choice(country.cities),
            "country": country.name,
            "phone": country.phone(self._random) if self._random.random() < 0.7 else "",
            "attributes": {"employees": employees},
        }

    def _email(self, first: str, last: str) -> str:
        for local in self._locals(f"{first}.{last}".lower()):
            host = self._random.choices(("example.com", "example.org", "example.net"), (6, 2, 2))[0]
            if (email := f"{local}@{host}") not in self._taken:
                self._taken.add(email)
                return email
        raise AssertionError  # the sequence of local parts does not end

    def _locals(self, name: str) -> Iterator[str]:
        yield name
        while True:
            yield f"{name}{self._random.randint(2, 99)}"


def engage(fields: dict[str, Any], *, random: Random, born: datetime, now: datetime, interest: float) -> None:
    """Fill in what the e-mail tool knows: subscribed, last open, click and reply.

    Args:
        interest: between 0 and 1; the higher, the more they open and the more lately.
    """
    if random.random() < 0.8:
        fields["subscribed_at"] = born + (now - born) * random.random() * 0.05
    if random.random() > 0.25 + 0.75 * interest:
        return
    opened = now - (now - born) * min(random.expovariate(1 + 8 * interest), 0.95)
    fields["last_open_at"] = opened
    if random.random() < 0.2 + 0.6 * interest:
        fields["last_click_at"] = opened - (opened - born) * random.random() * 0.2
        if random.random() < 0.5 * interest:
            fields["last_reply_at"] = opened - (opened - born) * random.random() * 0.3


def subscribe_to_plan(fields: dict[str, Any], *, random: Random, paying: bool, today: date) -> None:
    """Fill in the attributes that customers have: plan, renewal, VIP."""
    attributes = fields["attributes"]
    if not paying:
        if random.random() < 0.3:
            attributes["plan"] = "Free"
        return
    attributes["plan"] = random.choices(PLANS[1:], (5, 4, 2))[0]
    attributes["renewal"] = (today + timedelta(days=random.randint(3, 365))).isoformat()
    attributes["vip"] = attributes["plan"] == "Business" and random.random() < 0.6

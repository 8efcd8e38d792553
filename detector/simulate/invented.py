"""Names for people, clients, courses and topics. All invented; every domain is reserved for examples (RFC 2606).

Some carry what real names carry (commas, ampersands, accents), because that is what breaks a CSV, a letter or a page.
"""


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.strip().splitlines())


ACADEMY_DOMAIN = "academy.example"
PRIVATE_DOMAINS = ("freemail.example", "postbox.example", "homemail.example")
"""Each has room for 10,000 people; the second is for those who do not fit into the first."""

GIVEN_NAMES = _words("""
    Ada Aisha Alan Amara Anders Anna Arjun Astrid Beatriz Bela Bruno Carla Chen Clara Daniel Daria David Dina Edgar
    Elena Elias Emil Erik Esra Eva Farid Fatima Felix Fiona Frida Gita Greta Hana Hugo Ibrahim Ida Ines Irene Ivan
    Jana Joel Jonas Julia Kai Karim Karin Kofi Lara Leila Leo Lena Liam Lucia Magnus Maja Marco Maria Mateo Meera
    Mila Milan Nadia Nina Noah Nora Olga Omar Oscar Paula Pavel Petra Priya Rafael Rosa Ruth Samir Sara Selma Simon
    Sofia Sven Tariq Thea Tomas Uma Vera Viktor Wanda Yara Yusuf Zora
""")
SURNAMES = _words("""
    Abbott Achterberg Adeyemi Albers Almeida Andersen Arslan Bach Baptiste Barros Becker Bellini Bergstrom Bianchi
    Blom Bouchard Brandt Carver Castell Cisneros Claes Cole Dahl Danso Delgado Demir Dixon Dvorak Eklund Engel Faber
    Farrow Ferreira Fischer Fontaine Forsberg Gallo Garnier Gibson Graf Gruber Haddad Hale Hansen Hartley Hassan
    Heller Holm Horvat Ibarra Iqbal Jansen Jensen Joshi Kaya Keller Kessler Khan Kovac Kowal Krol Laurent Lind Lopes
    Lund Maier Mancini Marsh Mbeki Mercer Moreau Moser Nair Navarro Nilsen Novak Obi Okafor Olsen Osei Palmer
    Pereira Petrov Quist Rahman Ramos Reyes Ricci Rossi Roth Salas Schmitt Silva Soto Stark Strand Suzuki Tanaka
    Thorne Toth Ueda Urban Vance Varga Vogel Weiss Winter Yilmaz Zeller Zimmer
""")

CLIENTS = (
    ("Harbor Freightways", "harbor-freightways.example", 64),
    ("Midland Municipal Services", "midland-municipal.example", 540),
    ("Larkspur Dental Group", "larkspur-dental.example", 38),
    ("Blue Mesa Clinics", "bluemesa-clinics.example", 46),
    ("Tallow & Finch Bakeries", "tallow-finch.example", 52),
    ("Ostervale Rail Works", "ostervale-rail.example", 70),
    ("Pinecrest School District", "pinecrest-schools.example", 88),
    ("Quillon Energy", "quillon-energy.example", 60),
    ("Bjørnvik Shipping", "bjornvik.example", 34),
    ("Verity Mutual, Inc.", "verity-mutual.example", 48),
    ("Cobalt Foundry", "cobalt-foundry.example", 41),
    ("Elmgate Hotels", "elmgate-hotels.example", 57),
    ("Northlight Optics", "northlight-optics.example", 29),
    ("Saltmarsh Logistics", "saltmarsh-logistics.example", 44),
    ("Kestrel Home Care", "kestrel-care.example", 66),
    ("Juniper & Vale Law", "juniper-vale.example", 26),
)
CLIENT_FIRST_WORDS = _words("""
    Amber Arbor Ashgrove Aurora Beacon Birchwood Brightwater Cedar Clearfield Copper Crescent Dunmore Eastgate Ember
    Fairhaven Falcon Granite Greenbank Hawthorn Highmoor Ironbridge Ivory Lakeshore Linden Maple Meridian Oakfield
    Orchard Palisade Redstone
""")
CLIENT_SECOND_WORDS = _words("Catering Clinics College Energy Foods Freight Hotels Labs Retail Tools")

COURSES = _lines("""
    Data Protection in Practice
    Fire Safety for Floor Wardens
    First Aid at Work
    Manual Handling
    Food Hygiene, Level 2
    Conflict Resolution
    Project Planning, Budgeting and Reporting
    Excel for Analysts
    Leading Small Teams
    Customer Care
    Einführung in die Arbeitssicherheit
    Sécurité des machines
    Display Screen Equipment
    Working at Height
    Equality and Inclusion
    Anti-Bribery & Corruption
    Lone Worker Safety
    Safeguarding Adults
    Cyber Security Basics
    Stress and Resilience
    Contract Law for Managers
    Effective Meetings
    Spill Response
    Asbestos Awareness
""")
NEW_COURSES = _lines("""
    Forklift Safety Essentials
    Hazardous Goods by Road
    Driver Wellbeing
    Energy Audits
    Night Shift Planning
    Infection Control
""")
"""Launched this month; only the bursts use them, so their exact numbers are not mixed with ordinary mail."""

TOPICS = _lines("""
    Question about exercise 3
    Who else is stuck on the quiz?
    Slides from Tuesday
    Introductions
    Study group
    Link to the recording
    Deadline for the case study
    Useful reading
    Room change
    Feedback on unit 2
""")
ANNOUNCEMENTS = _lines("""
    New courses this autumn
    Planned maintenance on Saturday
    Your academy app has a new look
    Meet the trainers: free webinar
    Holiday opening hours
    How others learn: three client stories
    Results of the summer survey
    A new way to find your certificates
    Thank you for learning with us
    What changes in the new year
""")

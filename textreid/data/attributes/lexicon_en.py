"""The words by which captions name what a person looks like: the word lists of `caption_attributes`.

Each list maps a value to the phrases that mean it. Phrases are lower case, without hyphens ("t shirt"), and
of several that fit, the longest is read. Nothing here names, or stands for, where somebody comes from.
"""

from __future__ import annotations

NO, YES = "no", "yes"

COLOURS = {
    "black": "black, blackish, jet black",
    "white": "white, whitish, off white, snow white",
    "grey": "grey, gray, greyish, grayish, charcoal, silver, slate, heather grey, heather gray",
    "red": (
        "red, reddish, maroon, burgundy, crimson, scarlet, wine red, wine coloured, wine colored, dark red"
    ),
    "pink": "pink, pinkish, rose, fuchsia, magenta, hot pink, salmon",
    "orange": "orange, orangish, peach, coral",
    "yellow": "yellow, yellowish, mustard, gold, golden",
    "green": (
        "green, greenish, olive, olive green, army green, lime, lime green, mint, mint green, forest "
        "green, yellow green"
    ),
    "teal": "teal, turquoise, aqua, cyan, blue green, green blue",
    "blue": "blue, bluish, blueish, navy, navy blue, royal blue, sky blue, baby blue, indigo",
    "purple": "purple, purplish, violet, lavender, lilac, plum, mauve",
    "brown": "brown, brownish, chocolate, coffee coloured, coffee colored, rust, bronze, copper",
    "beige": (
        "beige, tan, khaki, cream, cream coloured, cream colored, ivory, camel, sand coloured, sand colored"
    ),
}
HAIR_COLOURS = {
    "blond": "blond, blonde, fair, dirty blond, dirty blonde",
    "red": "ginger, auburn",
    "brown": "brunette",
    "grey": "greying, graying",
}
PATTERNS = {
    "striped": "striped, stripped, pinstriped, pinstripe",
    "checked": "plaid, checked, checkered, chequered, check, tartan, gingham, flannel",
    "floral": "floral, flowered, flowery, flower patterned",
    "dotted": "polka dot, polka dotted, dotted, spotted",
    "camouflage": "camouflage, camo",
    "print": "printed",
}
PATTERN_NOUNS = {  # "with white stripes", "a print dress"
    "striped": "stripe, stripes, strips, striping",
    "checked": "checks, squares",
    "floral": (
        "flower, flowers, flower design, flower designs, flower print, floral print, floral pattern, "
        "flower pattern"
    ),
    "dotted": "dots, spots, polka dots",
    "print": (
        "print, prints, logo, logos, design, designs, writing, lettering, letters, graphic, graphics, "
        "picture, image, emblem, text"
    ),
    "": "lower half, bottom half",  # another colour, but no pattern
}
LENGTHS = {
    "short": "short, cropped, close cropped, buzzed, buzz cut, cut short, worn short, kept short",
    "medium": "shoulder length, medium length, medium, chin length, mid length, in a bob, bobbed, shoulder",
    "long": "long, waist length, worn long, lengthy, ankle length, floor length, maxi",
    "bald": "bald, balding, shaved, shaven",
    "knee": "knee length, mid calf, calf length, three quarter, 3 4",
}
SLEEVES = {
    "none": "sleeveless, no sleeves, without sleeves, no sleeve",
    "short": (
        "short sleeve, short sleeved, short sleeves, half sleeve, half sleeved, cap sleeve, cap "
        "sleeved, shortsleeved, short arm"
    ),
    "": "sleeve, sleeves",
    "long": "long sleeve, long sleeved, long sleeves, longsleeved, full sleeve, full sleeved",
}
STYLES = {
    "ponytail": "tied back, pulled back, tied low",
    "bun": "pulled up, tied up, pinned up, put up, worn up",
    "curly": "curly, bushy, frizzy, wavy, curled",
}
STYLE_NOUNS = {"ponytail": "ponytail, pony tail, ponytails, pigtails, pig tails", "bun": "bun, top knot"}
AGES = {
    "child": "little",
    "young": "young, younger",
    "teenager": "teenage, teenaged",
    "adult": "middle aged, middle age",
    "elderly": "elderly, old, older, senior, aged",
}

PEOPLE = {
    "female": "woman, women, lady, ladies, female, gal, businesswoman",
    "male": "man, men, guy, male, gentleman, gentlemen, businessman, dude",
    "girl": "girl, schoolgirl, school girl",
    "boy": "boy, schoolboy, school boy",
    "child": "child, kid, toddler",
    "teenager": "teenager, teen",
    "person": "person, individual, pedestrian, adult, student",
}
SEX = {"female": "female", "girl": "female", "male": "male", "boy": "male"}
PRONOUNS = {"female": "she, her, hers, herself", "male": "he, his, him, himself"}

UPPERS = {
    "t-shirt": "t shirt, tshirt, tee shirt, tee, teeshirt",
    "polo shirt": "polo shirt, polo",
    "shirt": (
        "shirt, button down shirt, button up shirt, button up, button down, dress shirt, collared "
        "shirt, work shirt, under shirt, undershirt, denim shirt, jersey"
    ),
    "blouse": "blouse, tunic",
    "top": "top, crop top",
    "sweater": (
        "sweater, jumper, pullover, cardigan, sweatshirt, sweat shirt, fleece, turtleneck, turtle neck"
    ),
    "hoodie": (
        "hoodie, hoody, hooded sweatshirt, hooded sweat shirt, hooded top, hooded sweater, hooded shirt"
    ),
    "jacket": (
        "jacket, windbreaker, wind breaker, bomber jacket, jean jacket, denim jacket, hooded jacket, "
        "shrug, jacket top"
    ),
    "down jacket": (
        "down jacket, puffer jacket, puffy jacket, padded jacket, puffer coat, puffy coat, down coat, "
        "padded coat, puffer, quilted jacket"
    ),
    "coat": "coat, overcoat, trench coat, trenchcoat, raincoat, rain coat, parka, long coat",
    "suit jacket": "suit jacket, blazer, suit coat, suit, sport coat, sports coat, business suit, tuxedo",
    "vest": "vest, waistcoat, gilet",
    "tank top": (
        "tank top, tanktop, tank, sleeveless top, sleeveless shirt, camisole, halter top, spaghetti top"
    ),
    "dress": "dress, sundress, sun dress, gown, shirt dress",
}
LAYERS = {  # what is worn over what; anything else is 0
    "coat": 3,
    "down jacket": 3,
    "jacket": 2,
    "suit jacket": 2,
    "vest": 2,
    "hoodie": 1,
    "sweater": 1,
}
SLEEVELESS = ("tank top",)
LOWERS = {
    "trousers": (
        "trousers, trouser, pants, pant, slacks, slack, sweatpants, sweat pants, dress pants, khakis, "
        "chinos, sweats, joggers, cargo pants, cargos, dress slacks, dress trousers, track pants, "
        "bottoms"
    ),
    "jeans": "jeans, jean, denims, denim jeans, denim pants, denim trousers",
    "leggings": "leggings, legging, tights, tight pants, tight trousers, yoga pants, stockings, jeggings",
    "shorts": (
        "shorts, short pants, jean shorts, jeans shorts, denim shorts, cargo shorts, capri shorts, "
        "bermudas, short trousers, short jeans"
    ),
    "cropped trousers": (
        "capris, capri, capri pants, cropped pants, cropped trousers, cropped jeans, crop pants, "
        "capri jeans, capri trousers, three quarter pants, 3 4 pants"
    ),
    "skirt": "skirt, miniskirt, mini skirt, skort",
}
LOWER_LENGTH = {"trousers": "long", "jeans": "long", "leggings": "long", "shorts": "short"}
LOWER_TYPE = dict.fromkeys(LOWERS, "trousers") | {"skirt": "dress"}
SHOES = {
    "sneakers": (
        "sneaker, sneakers, trainers, tennis shoe, tennis shoes, running shoe, running shoes, "
        "athletic shoe, athletic shoes, sport shoes, sports shoes, gym shoes, canvas shoes"
    ),
    "shoes": (
        "shoe, shoes, dress shoe, dress shoes, leather shoes, loafers, leather shoe, walking shoes, clogs"
    ),
    "boots": "boot, boots, ankle boots, booties, rain boots",
    "sandals": "sandal, sandals, flip flops, flip flop, slippers, thongs",
    "flats": "flats, flat shoes, ballet flats, slip ons",
    "heels": "heels, high heels, high heel shoes, high heeled shoes, pumps, high heel",
}
HATS = (
    "hat, cap, beanie, baseball cap, baseball hat, ball cap, sun hat, sunhat, knit hat, knit cap, woolly "
    "hat, wool hat, winter hat, bucket hat, straw hat, brimmed hat, wide brimmed hat, beret, fedora, "
    "visor"
)
GLASSES = {
    "glasses": "glasses, eyeglasses, eye glasses, spectacles, reading glasses",
    "sunglasses": "sunglasses, sun glasses, dark glasses, shades",
}
BAGS = {
    "backpack": (
        "backpack, backpacks, back pack, rucksack, book bag, bookbag, school bag, schoolbag, "
        "knapsack, backpack bag, bagpack"
    ),
    "handbag": "handbag, handbags, hand bag, purse, purses, clutch, pocketbook, pocket book, clutch bag",
    "suitcase": (
        "suitcase, luggage, trolley case, rolling suitcase, wheeled suitcase, rolling bag, rolling "
        "luggage, rolling case"
    ),
    "bag": (
        "bag, bags, shoulder bag, messenger bag, crossbody bag, cross body bag, tote bag, tote, large "
        "bag, satchel, shopping bag, plastic bag, plastic bags, shopping bags, carrier bag, paper "
        "bag, grocery bag, briefcase, brief case, laptop bag, sling bag, duffel bag, duffle bag, gym "
        "bag, side bag, fanny pack, computer bag"
    ),
}
THINGS = {"scarf": "scarf, scarves, shawl", "umbrella": "umbrella, parasol"}
HAIR = "hair, haired, hairstyle, hairdo, hair style"
HEAD = "head"
OTHERS = (  # nouns with colours of their own, which are nobody's clothes here
    "belt, tie, head band, head scarf, headscarf, head phones, sock, socks, glove, gloves, watch, "
    "necklace, headband, hair band, hairband, hair tie, hair clip, phone, cell phone, cellphone, bicycle, "
    "bike, car, wall, floor, road, sole, soles, lace, laces, collar, trim, strap, straps, button, "
    "buttons, cuff, cuffs, hood, pocket, pockets, helmet, mask, stroller, bottle, cup, book, folder, "
    "paper, papers, box, headphones, headphone, earphones, bracelet, ribbon, bow, hem, edge, edges, "
    "lining, zipper, accents, accent, skin, beard, mustache, moustache, underwear, tattoo, tattoos, toe, "
    "toes, waist"
)

NEGATIONS = (
    "no, not, without, isn't, doesn't, don't, aren't, never, neither, wasn't, isnt, doesnt, lacks, "
    "lacking, minus"
)
BE = "is, are, was, were, that is, that are, which is, which are, that's, looks, appears, is also, are also"
HOLD = "carrying, carries, carry, holding, holds, hold, held, grabbing, clutching, pushing"
NOT_WORN = (
    "tied around, tied round, wrapped around, draped over, slung over, over her arm, over his arm, in her "
    "hand, in his hand, in her hands, in his hands, in hand, under her arm, under his arm, on her arm, on "
    "his arm, in her arms, in his arms, in one hand, on his waist, on her waist, around her waist, around "
    "his waist"
)
ABOVE = "over, on top of"
BENEATH = "under, underneath, beneath"
DETERMINERS = "a, an, the, his, her, their, its, any, some, this, that, pair of, a pair of, set of"
FILLERS = (
    "dark, light, bright, pale, deep, color, colour, colored, coloured, colors, colours, faded, solid, "
    "neon, very, all, mostly, mainly, plain, vivid, dull, medium dark"
)
EDGES = (
    "these, those, one, both, another, with, in, of, on, at, to, for, from, by, behind, near, around, "
    "across, through, against, beside, into, onto, down, between, wearing, wears, wear, wore, dressed, "
    "has, have, having, had, be, being, while, as, who, which, what, walking, walks, walk, standing, "
    "stands, seen, looking, facing, also, it, they, talking, using, showing, reaching, matching, sitting, "
    "riding, shows, tucked, pulled, tied, up, back, out, off, there, along, above, below, reading, like, "
    "then, whose"
)

VALUES: dict[str, tuple[str, ...]] = {
    "sex": ("female", "male"),
    "age": tuple(AGES),
    "hair_length": ("bald", "short", "medium", "long"),
    "hair_style": tuple(STYLES),
    "hair_colour": ("black", "blond", "brown", "grey", "red", "white"),
    "hat": (NO, YES),
    "hat_colour": tuple(COLOURS),
    "glasses": (NO, *GLASSES),
    "upper": tuple(UPPERS),
    "upper_colour": tuple(COLOURS),
    "upper_second_colour": tuple(COLOURS),
    "upper_pattern": tuple(PATTERNS),
    "sleeves": ("none", "short", "long"),
    "lower": tuple(LOWERS),
    "lower_colour": tuple(COLOURS),
    "lower_pattern": tuple(PATTERNS),
    "lower_length": ("long", "short"),
    "lower_type": ("dress", "trousers"),
    "shoes": tuple(SHOES),
    "shoe_colour": tuple(COLOURS),
    **dict.fromkeys(("backpack", "handbag", "suitcase", "bag"), (NO, YES)),
    "bag_colour": tuple(COLOURS),
    **dict.fromkeys(THINGS, (NO, YES)),
}
"""Attribute group -> the values that a caption can give it."""

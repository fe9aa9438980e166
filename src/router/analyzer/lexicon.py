"""English words that show what kind of work is asked for; each list is one countable signal."""

from __future__ import annotations


def words(text: str) -> frozenset[str]:
    """Return the words of a text, as a set."""
    return frozenset(text.split())


VERBS: dict[str, str] = {
    "calculate": """calculate compute solve evaluate simplify factor factorize multiply divide
        subtract integrate differentiate convert estimate round approximate expand count tally
        exceed expect""",
    "edit": """translate summarize summarise proofread spell rewrite rephrase paraphrase shorten
        capitalize uppercase lowercase reformat transcribe punctuate abbreviate rename remove
        delete replace insert""",
    "extract": """extract list name identify mention find highlight locate pick classify label
        categorize tag detect""",
    "create": """write compose draft narrate invent imagine brainstorm pitch adapt roleplay rap""",
    "design": """design architect implement build develop scale deploy integrate automate
        construct model simulate migrate refactor optimize optimise secure orchestrate""",
    "prove": "prove disprove derive deduce justify conclude infer imply",
    "diagnose": """debug diagnose troubleshoot investigate crash hang fail leak break freeze
        deadlock stall reproduce""",
    "plan": """plan propose recommend advise prioritize prioritise negotiate persuade convince
        restructure organize""",
    "analyse": """analyze analyse compare contrast discuss critique assess argue examine explore
        elaborate interpret weaken strengthen criticize evaluate reconcile reflect""",
    "assistant": """play remind book schedule order reserve cancel call text turn set show change
        activate freeze transfer update""",
    "consume": """buy sell spend earn pay cost save own collect eat share split borrow lose give
        receive bake pick plant read drive travel walk run weigh""",
}

WORDS: dict[str, str] = {
    "aggregate": """sum total average mean median mode variance deviation percent percentage
        percentages ratio proportion growth margin difference probability odds chance fraction
        product quotient remainder combined altogether cumulative net gross decrease increase
        change yoy cagr weighted per-capita""",
    "quantity": "many much number amount long far old tall heavy often fast",
    "arithmetic": """plus minus times divided multiplied squared cubed root equals half twice
        double triple quarter third dozen hundred thousand million billion percent""",
    "number_word": """one two three four five six seven eight nine ten eleven twelve thirteen
        fourteen fifteen sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty
        seventy eighty ninety zero""",
    "share": """each every per left remaining rest more less fewer than altogether together
        equally apiece leftover""",
    "unit": """km kilometer kilometers kilometre kilometres mile miles meter meters metre metres
        cm mm inch inches foot feet yard yards kg kilogram kilograms kilo kilos gram grams pound
        pounds lb lbs ounce ounces oz liter liters litre litres ml gallon gallons cup cups
        tablespoon tablespoons teaspoon teaspoons celsius fahrenheit kelvin mb gb kb tb kwh mph
        kph acre acres hectare hectares kcal calories stone pint pints quart quarts watts volts
        degrees""",
    "money": """dollar dollars cents cent usd euro euros eur gbp price prices cost costs tax vat
        interest loan mortgage discount salary wage profit revenue revenues tip bill budget
        invoice rent fee fees""",
    "time": """second seconds minute minutes hour hours day days week weeks month months year
        years monday tuesday wednesday thursday friday saturday sunday january february march
        april june july august september october november december pm today tomorrow yesterday
        deadline""",
    "maths": """equation equations triangle circle polynomial matrix matrices integer integers
        integral derivative theorem prime primes vector vectors logarithm sine cosine radius
        perimeter area volume angle angles quadratic coefficient coefficients digit digits
        divisor divisors multiple modulo sequence graph slope intercept parabola ellipse
        hyperbola square rectangle probability permutations sqrt frac""",
    "lookup": """who whom when where which capital president author inventor invented founded
        born died located called stands stand mean meaning definition synonym antonym plural
        acronym name city country population language currency color colour""",
    "text_object": """paragraph sentence text passage title headline summary typo typos grammar
        spelling tone email phrase word words bullet bullets tldr gist topic sentiment spanish
        french german english italian japanese chinese portuguese past tense""",
    "creative_object": """story stories poem essay song lyrics script novel chapter haiku sonnet
        limerick article speech letter blog monologue dialogue dialog screenplay scene plot fable
        ballad verse rap sketch narrative character characters fiction fantasy advertisement
        slogan campaign""",
    "design_object": """system systems architecture pipeline platform service services
        microservice microservices cluster schema framework distributed scalable scalability
        concurrent concurrency latency throughput fault tolerance tolerant consistency
        availability queue cache caching backend frontend infrastructure multi-tenant resilient
        replication sharding protocol compiler interpreter scheduler parser engine""",
    "code_object": """function functions class classes method methods algorithm api code script
        query regex loop array string library module package variable program programming snippet
        endpoint unit test tests component bug exception error stack trace""",
    "code_language": """python javascript typescript java c++ c# rust golang go sql html css
        react node kotlin swift php ruby bash shell docker kubernetes terraform aws postgres
        postgresql mysql mongodb redis git linux powershell matlab pandas numpy pytorch
        tensorflow django flask spring angular vue excel""",
    "why": "why how explain reason reasons reasoning cause causes",
    "diagnosis": """wrong broken slow slower fails failing failed crashes crashing leak leaking
        timeout timeouts error errors issue issues bottleneck intermittent randomly root
        unexpected symptoms""",
    "planning": """strategy plan roadmap proposal approach migration trade-offs tradeoffs
        tradeoff trade-off alternatives risks risk mitigation stakeholders stakeholder rollout
        timeline phased curriculum itinerary programme program goals objectives policy""",
    "analysis": """implications implication pros cons advantages disadvantages impact effects
        consequences assumptions argument arguments conclusion premise premises evidence
        hypothesis critique perspective perspectives comparison analysis statements logically
        flaw reasoning principle assumption""",
    "phrase_constraint": """at_least at_most no_more no_less fewer_than make_sure do_not dont
        must_not your_response your_answer only_use in_the_style each_line every_sentence
        the_letter""",
    "phrase_persona": """you_are act_as acting_as youre_a youre_an take_on the_role as_an as_a
        imagine_you imagine_that imagine_a pretend_to""",
    "phrase_reasoning": """step_by by_step root_cause trade_offs pros_and cons_of what_would
        how_would how_should why_does why_is why_do why_are best_way what_if which_one must_be
        could_be most_strongly""",
    "constraint": """must should without exactly only avoid include including includes ensure
        limit within never always except unless maximum minimum max min least most between
        contain contains containing start end ends using use followed format lowercase""",
    "persona": """you your youre act role pretend imagine persona character expert senior
        assistant professional""",
    "sequence": "first then next finally afterwards step steps stage phase lastly second third",
    "logic": """assume suppose given let if then true false following statement must could
        consistent either neither""",
    "depth": """detailed detail comprehensive thorough thoroughly depth in-depth extensive
        rigorous multiple several various complex advanced robust complete full""",
    "truth": "true false yes no correct",
    "data": """table row rows column columns data dataset csv spreadsheet values value sheet
        cell entries records""",
    "chat": "me my i your feel favorite favourite joke fun hobby",
    "domain": """legal contract clause liability court statute patient symptoms diagnosis
        clinical treatment dosage therapy tax regulation gdpr compliance accounting quantum
        thermodynamics enzyme neural gradient philosophy ethics ethical economic geopolitical
        constitutional plaintiff defendant indemnity""",
    "sql": "select from where join group having distinct limit insert update",
    "log": """error warn warning info debug fatal traceback exception stderr errno line failed
        null undefined""",
    "rule": """every all each any no either neither implies unless whenever if then everything
        someone something anything everyone always entails follows necessarily""",
    "place": """left right above below north south east west top bottom behind beside front near
        between opposite over under upper lower next clockwise adjacent directly""",
    "puzzle": """clue clues puzzle match owner owns exactly seated sits row position liar liars
        knight knave truth lies truthful lying different neither respectively grid cell rules
        moves goal initially configuration arrange arrangement seating order schedule""",
    "case": """patient year-old old-year presents history examination symptoms mg blood chest pain
        fever physician diagnosis likely management defendant plaintiff client court sued
        contract employee employer agreement tenant landlord""",
    "dilemma": """should whether boss colleague colleagues coworker friend friends partner husband
        wife mother father parents team manager teacher neighbour neighbor guilty worried torn
        upset feel feels feelings trust honest lie lying promise secret refuse decide decision
        choice ethical unfair conflict relationship""",
    "symptom": """suddenly keeps stopped since lately anymore nobody somehow complaining complain
        complaints dropping worse rising losing struggling leaving missed trouble problem""",
    "mechanical": """rename comment docstring indent tabs spaces print prints type return returns
        line variable parameter name language file missing semicolon bracket colon typo syntax
        compile compiles static import message""",
    "several": """all every both bugs errors methods functions remaining rest whole entire several
        multiple others complete completely also then additionally finally lastly moreover""",
    "relation": "of in by that which who whose where from whom with for at when",
    "opinion": """best better worth recommend prefer suggest opinion think thoughts ideas advice
        consider views debate agree disagree""",
    "length": "words paragraphs pages sentences word paragraph page essay lines stanzas chapters",
}

# Function words: a text without any of them is no English sentence.
ENGLISH = words(
    """the of is what a to in how for and i you are on do does that with it my this who when where
    why which can be was from have has an if by we at your as me not or will there many much did
    their he she they were write find between each get whats all give her his its"""
)

CATEGORIES: tuple[str, ...] = (*VERBS, *WORDS)


def _inflections(verb: str) -> set[str]:
    stem = verb.removesuffix("e")
    doubled = verb + verb[-1]
    return {verb, verb + "s", stem + "ed", stem + "ing", doubled + "ing", doubled + "ed"}


def counters() -> dict[str, int]:
    """Map each word to an integer whose byte *i* is 1 if the word belongs to category *i*."""
    found: dict[str, int] = {}
    for index, name in enumerate(CATEGORIES):
        listed = (VERBS.get(name) or WORDS[name]).split()
        forms = {form for v in listed for form in _inflections(v)} if name in VERBS else set(listed)
        for word in forms:
            phrase = word.replace("_", " ")
            found[phrase] = found.get(phrase, 0) | 1 << (8 * index)
    return found

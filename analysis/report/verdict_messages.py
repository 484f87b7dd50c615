"""The catalogue of the verdict page: every sentence in Danish and English, side by side (Danish first)."""

# ruff: noqa: E501 - a catalogue is read as a table

VERDICT_MESSAGES: dict[str, tuple[str, str]] = {
    # The page
    "verdict.kicker": ("Kan effekten læres?", "Can the effect be learnt?"),
    "verdict.synthetic": (
        "Borgerne på denne side er kunstige, og effekten er plantet: den viser, hvad dommen ser, ikke virkeligheden.",
        "The citizens on this page are synthetic and the effect is planted: it shows what the verdict sees, not the world.",
    ),
    "verdict.source": ("Kilde: {source}", "Source: {source}"),
    "verdict.note": (
        "Hver prøve har en tærskel, der stod i planen, før data blev set. Dommen følger af prøverne alene; den afhænger aldrig "
        "af, hvilken effekt der findes.",
        "Every gate has a threshold that stood in the plan before the data were seen. The verdict follows from the gates alone; it "
        "never depends on the effect found.",
    ),
    "verdict.least": ("mindst {value}", "at least {value}"),
    "verdict.most": ("højst {value}", "at most {value}"),
    "verdict.week": ("uge {week}", "week {week}"),
    "verdict.print": ("Hvad må trykkes", "What may be printed"),
    "print.identified-by-design": (
        "Et tal for effekten med sin usikkerhed.",
        "A number for the effect, with its uncertainty.",
    ),
    "print.identified-under-assumptions": (
        "Et tal for effekten, altid sammen med de antagelser, det hviler på.",
        "A number for the effect, always together with the assumptions it rests on.",
    ),
    "print.bounds-only": (
        "Grænser for effekten. Intet enkelt tal.",
        "Bounds on the effect. No single number.",
    ),
    "print.not-identified": (
        "Intet tal for effekten. Hvad som helst, der blev trykt, ville være noget andet end effekten af samtaleformen.",
        "No number for the effect. Whatever was printed would be something other than the effect of the form of conversation.",
    ),
    # Why, in plain words
    "why.design.passes": (
        "Lodtrækning afgjorde, hvem der fik hvilken form. Hverken borgere, sagsbehandlere eller kalender valgte, og hvert træk kan "
        "efterprøves: forskellen mellem grupperne er derfor effekten.",
        "A lottery decided who got which form. Neither citizens, caseworkers nor the calendar chose, and every draw can be checked: "
        "the difference between the groups is therefore the effect.",
    ),
    "why.design.fails": (
        "Der påstås en lodtrækning, men den kan ikke bevises.",
        "A lottery is claimed, but it cannot be proved.",
    ),
    "why.mode.calendar": (
        "Formen fulgte kalenderen: i samme uge havde de fleste samme form. Ugerne skilte sig også ud ved job, pligter og regler, så "
        "hvad formen gjorde, kan ikke skilles fra, hvad tiden gjorde.",
        "The form followed the calendar: in any one week most people had the same. Weeks also differed in jobs, duties and rules, "
        "so what the form did cannot be told from what the time did.",
    ),
    "why.mode.fails": (
        "Inden for samme jobcenter, målgruppe og uge er der for lidt forskel i form til at bære en sammenligning.",
        "Within one jobcentre, target group and week the form varies too little to carry a comparison.",
    ),
    "why.overlap.fails": (
        "For mange borgere findes der ingen at sammenligne med, som havde den anden form.",
        "For many citizens there is nobody comparable who had the other form.",
    ),
    "why.placebo.fails": (
        "De to grupper klarede sig forskelligt, før nogen samtale var holdt. Den forskel kan formen ikke have skabt.",
        "The two groups fared differently before any conversation was held. The form cannot have made that difference.",
    ),
    "why.placebo.warns": (
        "Det kan ikke udelukkes, at de to grupper var forskellige, før nogen samtale var holdt.",
        "It cannot be ruled out that the two groups differed before any conversation was held.",
    ),
    "why.talk.fails": (
        "Næsten alle havde hyppige samtaler tidligt i forløbet. Der er ingen tilbage at sammenligne med.",
        "Nearly everybody had frequent conversations early in the spell. Nobody is left to compare with.",
    ),
    "why.anticipation.fails": (
        "Afgangen fulgte den form, der ventede, før samtalen var holdt: noget andet virkede i de samme uger.",
        "Exits followed the form still to come, before the conversation was held: something else was at work in the same weeks.",
    ),
    "why.survivorship.fails": (
        "Den ene form blev holdt senere end den anden. Ventetiden alene skaber en forskel.",
        "One form was held later than the other. Waiting alone makes a difference.",
    ),
    "why.precision.fails": (
        "Den variation, der er tilbage, er for lille: usikkerheden er større end den effekt, der spørges om.",
        "The variation that is left is too little: the uncertainty is larger than the effect asked about.",
    ),
    "why.instruments.fails": (
        "For få kommuner var lukket til, at lukningerne kan bruges som et naturligt eksperiment.",
        "Too few municipalities were closed for the closures to serve as a natural experiment.",
    ),
    "why.nothing": (
        "Intet i data taler for, at de to grupper er ens i alt andet end formen.",
        "Nothing in the data says that the two groups are alike in everything but the form.",
    ),
    # The same for a table of any study: treated and untreated
    "print.not-identified@treatment": (
        "Intet tal for effekten. Hvad som helst, der blev trykt, ville være noget andet end effekten af behandlingen.",
        "No number for the effect. Whatever was printed would be something other than the effect of the treatment.",
    ),
    "why.design.passes@treatment": (
        "Lodtrækning afgjorde, hvem der blev behandlet. Ingen valgte: forskellen mellem grupperne er derfor effekten.",
        "A lottery decided who was treated. Nobody chose: the difference between the groups is therefore the effect.",
    ),
    "why.mode.fails@treatment": (
        "Inden for samme stratum er der for lidt forskel i behandling til at bære en sammenligning.",
        "Within a stratum the treatment varies too little to carry a comparison.",
    ),
    "why.overlap.fails@treatment": (
        "For mange er der ingen at sammenligne med i den anden gruppe.",
        "For many there is nobody comparable in the other group.",
    ),
    "why.placebo.fails@treatment": (
        "De to grupper var forskellige, før nogen var behandlet. Den forskel kan behandlingen ikke have skabt.",
        "The two groups differed before anybody was treated. The treatment cannot have made that difference.",
    ),
    "why.placebo.warns@treatment": (
        "Det kan ikke udelukkes, at de to grupper var forskellige, før nogen var behandlet.",
        "It cannot be ruled out that the two groups differed before anybody was treated.",
    ),
    "gate.mode@treatment": ("Variation i behandling", "Variation in treatment"),
    "asks.mode@treatment": (
        "Varierer behandlingen, når stratum er givet?",
        "Does the treatment vary once the stratum is given?",
    ),
    "asks.overlap@treatment": (
        "Findes der for hver enhed sammenlignelige i den anden gruppe?",
        "Does every unit have comparable ones in the other group?",
    ),
    "asks.survivorship@treatment": (
        "Lå behandlingen fast, før udfaldet begyndte at tælle?",
        "Was treatment settled before the outcome began to count?",
    ),
    "asks.anticipation@treatment": (
        "Virker behandlingen, før den gives?",
        "Does the treatment work before it is given?",
    ),
    "asks.instruments@treatment": (
        "Flytter noget udefra behandlingen i nok klynger?",
        "Does anything from outside move the treatment in enough clusters?",
    ),
    "gate.overlap.treated@treatment": ("Behandlede", "Treated"),
    "gate.overlap.untreated@treatment": ("Ubehandlede", "Untreated"),
    "gate.overlap.x@treatment": ("Beregnet sandsynlighed for behandling", "Estimated chance of treatment"),
    "gate.overlap.difference@treatment": (
        "Forskel, behandlede minus ubehandlede, i standardafvigelser",
        "Difference, treated less untreated, in standard deviations",
    ),
    "gate.placebo.x@treatment": (
        "Forskel, behandlede minus ubehandlede, i standardafvigelser",
        "Difference, treated less untreated, in standard deviations",
    ),
    "gate.design.untreated@treatment": ("Ubehandlede", "Untreated"),
    "gate.design.treated@treatment": ("Behandlede", "Treated"),
    "gate.design.received@treatment": ("Fik behandling", "Received treatment"),
    "tool.covariate-regression@treatment": ("Regression med stratum", "Regression with stratum"),
    # Sections
    "verdict.gates": ("Prøverne", "The gates"),
    "verdict.gates-lead": (
        "Hver prøve stiller ét spørgsmål til data. Tallet holdes op mod sin tærskel; tærsklen står i planen.",
        "Each gate asks one question of the data. Its figure is held against a threshold; the threshold stands in the plan.",
    ),
    "col.gate": ("Prøve", "Gate"),
    "col.asks": ("Spørger", "Asks"),
    "col.status": ("Udfald", "Status"),
    "col.figure": ("Tal", "Figure"),
    "col.threshold": ("Tærskel", "Threshold"),
    "verdict.overview": ("Prøver, tal og tærskler", "Gates, figures and thresholds"),
    "verdict.routes": ("Sådan følger dommen", "How the verdict follows"),
    "verdict.routes-lead": (
        "Den øverste åbne vej giver dommen. En vej er åben, når alt, hvad den kræver, er bestået, intet på den fejler, og "
        "planen gør de antagelser, den hviler på.",
        "The first open route gives the verdict. A route is open when everything it requires passes, nothing on it fails, and the "
        "plan makes the assumptions it rests on.",
    ),
    "verdict.routes-table": ("Veje til et svar", "Routes to an answer"),
    "col.route": ("Vej", "Route"),
    "col.needs": ("Skal bestås", "Must pass"),
    "col.spares": ("Må ikke fejle", "Must not fail"),
    "col.assumes": ("Skal antages", "Must be assumed"),
    "col.gives": ("Giver", "Gives"),
    "verdict.assumptions": ("Antagelser, dommen hviler på", "Assumptions the verdict rests on"),
    "verdict.no-assumptions": ("Ingen ud over de prøver, der er bestået.", "None beyond the gates that passed."),
    "verdict.undeclared": (
        "Planen gør ikke disse antagelser, som en vej til et tal ville have krævet: {names}.",
        "The plan does not make these assumptions, which a route to a number would have needed: {names}.",
    ),
    "verdict.usual": ("Hvad der ellers ville være trykt", "What would have been printed otherwise"),
    "verdict.usual-lead": (
        "De sædvanlige værktøjer giver altid et tal. Her står, hvad de ville have sagt, uden at dommen tillader det.",
        "The usual tools always give a number. This is what they would have said, without the verdict allowing it.",
    ),
    "verdict.usual-table": ("De sædvanlige værktøjer på de samme data", "The usual tools on the same data"),
    "col.tool": ("Værktøj", "Tool"),
    "col.estimate": ("Effekt", "Effect"),
    "col.interval": ("95 %-interval", "95% interval"),
    # Statuses and routes
    "status.passes": ("bestået", "passes"),
    "status.fails": ("ikke bestået", "fails"),
    "status.warns": ("tvivl", "in doubt"),
    "status.not-assessed": ("ikke prøvet", "not assessed"),
    "slug.identified-by-design": ("Identificeret ved lodtrækning", "Identified by design"),
    "slug.identified-under-assumptions": ("Identificeret under antagelser", "Identified under assumptions"),
    "slug.bounds-only": ("Kun grænser", "Bounds only"),
    "slug.not-identified": ("Ikke identificeret", "Not identified"),
    "route.design": ("Lodtrækning", "Design"),
    "route.unconfoundedness": ("Ens på alt målt", "Alike in all that is measured"),
    "route.instrument": ("Instrument", "Instrument"),
    "route.bounds": ("Grænser", "Bounds"),
    # Gates: name, question, axis
    "gate.design": ("Lodtrækning", "Design"),
    "gate.mode": ("Variation i form", "Variation in form"),
    "gate.overlap": ("Overlap", "Overlap"),
    "gate.placebo": ("Placebo", "Placebo"),
    "gate.survivorship": ("Ventetid", "Survivorship"),
    "gate.anticipation": ("Forventning", "Anticipation"),
    "gate.talk": ("Samtale overhovedet", "Having a talk at all"),
    "gate.instruments": ("Instrumenter", "Instruments"),
    "gate.precision": ("Præcision", "Precision"),
    "gate.bounds": ("Grænser", "Bounds"),
    "gate.displacement": ("Fortrængning", "Displacement"),
    "gate.sensitivity": ("Følsomhed", "Sensitivity"),
    "asks.design": ("Blev armene trukket, og kan det bevises?", "Were arms drawn, and can it be proved?"),
    "asks.mode": (
        "Varierer formen, når jobcenter, målgruppe og uge er givet?",
        "Does the form vary once jobcentre, target group and week are given?",
    ),
    "asks.overlap": (
        "Findes der for hver borger sammenlignelige med den anden form?",
        "Does every citizen have comparable ones with the other form?",
    ),
    "asks.placebo": (
        "Var grupperne ens, før behandlingen begyndte?",
        "Were the groups alike before treatment began?",
    ),
    "asks.survivorship": (
        "Skaber ventetiden til samtalen en forskel i sig selv?",
        "Does waiting for the talk make a difference by itself?",
    ),
    "asks.anticipation": ("Virker formen, før samtalen er holdt?", "Does the form work before the talk is held?"),
    "asks.talk": ("Er nogen uden samtale at sammenligne med?", "Is anybody without a talk to compare with?"),
    "asks.instruments": (
        "Flytter noget udefra formen i nok kommuner?",
        "Does anything from outside move the form in enough clusters?",
    ),
    "asks.precision": (
        "Kan data vise en effekt af den størrelse, der betyder noget?",
        "Can the data show an effect of the size that matters?",
    ),
    "asks.bounds": ("Hvor langt når man uden antagelser?", "How far does one get without assumptions?"),
    "asks.displacement": ("Kan virkningen på de ubehandlede ses?", "Can effects on the untreated be seen?"),
    "asks.sensitivity": (
        "Hvor meget uset skævhed skal der til at vende fortegnet?",
        "How much unseen confounding would overturn the sign?",
    ),
    "caption.design": (
        "Prøver af lodtrækningen, og hvad hver arm fik",
        "Tests of the draw, and what each arm received",
    ),
    "caption.mode": (
        "Formen uge for uge, og hvor sammenligningen ligger",
        "The form week by week, and where the comparison lies",
    ),
    "caption.mode@treatment": ("Hvor meget af variationen er tilbage", "How much of the variation is left"),
    "caption.overlap": ("Sandsynligheden for digital i de to grupper", "The chance of digital in the two groups"),
    "caption.overlap@treatment": (
        "Sandsynligheden for behandling i de to grupper",
        "The chance of treatment in the two groups",
    ),
    "caption.placebo": (
        "Forskelle før behandlingen med deres intervaller; det grønne er for lidt til at betyde noget",
        "Differences before treatment with their intervals; green is too little to matter",
    ),
    "caption.survivorship": (
        "Hvor mange der endnu vil komme i job, efter ugen for den første samtale",
        "How many are still to find work, by the week of the first conversation",
    ),
    "caption.anticipation": (
        "Ændring i afgang før samtalen med interval; det grønne er for lidt til at betyde noget",
        "Change in exits before the talk with its interval; green is too little to matter",
    ),
    "caption.talk": (
        "Hvor mange af de ledige der har haft en samtale",
        "How many of those unemployed have had a talk",
    ),
    "caption.instruments": (
        "Instrumentets styrke, og hvor mange det rammer",
        "Strength of the instrument, and how many it reaches",
    ),
    "caption.precision": (
        "Mindste effekt, data kan vise, mod marginen",
        "The smallest effect the data can show, against the margin",
    ),
    "caption.bounds": ("Hvor effekten må ligge", "Where the effect must lie"),
    "caption.displacement": ("Andel behandlede i hver kommune", "Share treated in each municipality"),
    "caption.displacement@treatment": ("Andel behandlede i hver klynge", "Share treated in each cluster"),
    "caption.sensitivity": (
        "Hvor stærk en uset skævhed må være for at vende fortegnet",
        "How strong unseen confounding must be to overturn the sign",
    ),
    "gate.talk.y": ("Andel med samtale", "Share with a talk"),
    "gate.talk.axis": (
        "Andel af de ledige, der har haft en samtale",
        "Share of those unemployed who have had a talk",
    ),
    "gate.mode.y": ("Andel digitale", "Share digital"),
    "gate.mode.weight": ("Andel af vægten", "Share of weight"),
    "gate.mode.x": ("Kalenderuge for den første samtale", "Calendar week of the first conversation"),
    "gate.mode.axis": ("Andel af variationen, der er tilbage", "Share of the variation that is left"),
    "gate.mode.note": (
        "Øverst: hver prik er en uge, større jo flere første samtaler. Nederst: hvor den sammenligning ligger, som er tilbage, når "
        "jobcenter, målgruppe og uge er givet.",
        "Above: each dot is a week, larger the more first conversations it has. Below: where the comparison lies that is left once "
        "jobcentre, target group and week are given.",
    ),
    "gate.overlap.treated": ("Digital", "Digital"),
    "gate.overlap.untreated": ("Fysisk", "Physical"),
    "gate.overlap.x": ("Beregnet sandsynlighed for digital", "Estimated chance of digital"),
    "gate.overlap.y": ("Andel af gruppen", "Share of the group"),
    "gate.overlap.axis": ("Andel uden for grænserne", "Share outside the bounds"),
    "gate.overlap.before": ("før vægtning", "before weighting"),
    "gate.overlap.after": ("efter vægtning", "after weighting"),
    "gate.overlap.difference": (
        "Forskel, digital minus fysisk, i standardafvigelser",
        "Difference, digital less physical, in standard deviations",
    ),
    "gate.overlap.balance": ("Baggrund i de to grupper", "Background of the two groups"),
    "gate.overlap.balance-alt": (
        "Standardiserede forskelle mellem grupperne før og efter vægtning.",
        "Standardised differences between the groups before and after weighting.",
    ),
    "gate.placebo.x": (
        "Forskel, digital minus fysisk, i standardafvigelser",
        "Difference, digital less physical, in standard deviations",
    ),
    "gate.placebo.axis": (
        "Største forskel før behandlingen, i standardafvigelser",
        "Largest difference before treatment, in standard deviations",
    ),
    "gate.survivorship.ahead": ("afgang, der er tilbage", "exits still to come"),
    "gate.survivorship.physical": ("fysisk i gennemsnit uge {week}", "physical in week {week} on average"),
    "gate.survivorship.digital": ("digital i gennemsnit uge {week}", "digital in week {week} on average"),
    "gate.survivorship.x": ("Ledighedsuge for den første samtale", "Spell week of the first conversation"),
    "gate.survivorship.y": ("I job inden uge {week}", "In work by week {week}"),
    "gate.survivorship.axis": ("Forskel, som ventetiden alene skaber", "Difference that waiting alone makes"),
    "gate.anticipation.axis": (
        "Ændring i afgangen, før samtalen er holdt",
        "Change in exits before the talk is held",
    ),
    "gate.precision.axis": ("Mindste effekt, data kan vise", "Smallest effect the data can show"),
    "gate.instruments.axis": ("Effektiv F", "Effective F"),
    "gate.bounds.axis": ("Bredde som andel af det mulige", "Width as a share of what is possible"),
    "gate.bounds.x": ("Effekt på udfaldet", "Effect on the outcome"),
    "gate.bounds.points": ("Effekt på udfaldet, procentpoint", "Effect on the outcome, percentage points"),
    "gate.instruments.clusters": ("Ramte kommuner", "Clusters reached"),
    "gate.displacement.axis": ("Niveauer af andel behandlede", "Levels of the share treated"),
    "gate.displacement.levels": ("trukne andele", "drawn shares"),
    "gate.displacement.share": ("andel behandlede", "share treated"),
    "gate.displacement.y": ("Andel behandlede", "Share treated"),
    "gate.displacement.x": ("{clusters} kommuner, efter andel", "{clusters} clusters, by share"),
    "gate.sensitivity.axis": (
        "Styrke af uset skævhed, der vender fortegnet (E-værdi)",
        "Strength of unseen confounding that overturns the sign (E-value)",
    ),
    "gate.design.axis": ("Mindste p-værdi", "Smallest p-value"),
    "gate.design.p": ("p-værdi", "p-value"),
    "gate.design.ratio": ("Forholdet", "Ratio"),
    "gate.design.balance": ("Balancen", "Balance"),
    "gate.design.untreated": ("Fysisk arm", "Physical arm"),
    "gate.design.treated": ("Digital arm", "Digital arm"),
    "gate.design.received": ("Fik digital", "Received digital"),
    "assumes.worst-case": ("uden antagelser", "no assumptions"),
    "assumes.monotone-response": ("digital skader ingen", "digital harms nobody"),
    "assumes.monotone-selection": ("de digitale klarer sig mindst lige så godt", "the digital fare at least as well"),
    "column.age": ("Alder", "Age"),
    "column.education": ("Uddannelse", "Education"),
    "column.female": ("Kvinde", "Woman"),
    "column.weeks_employed_1_years_before": ("Uger i job, året før", "Weeks employed, year before"),
    "column.weeks_employed_2_years_before": ("Uger i job, to år før", "Weeks employed, two years before"),
    "tool.naive-difference": ("Rå forskel", "Naive difference"),
    "tool.covariate-regression": ("Regression med jobcenter og uge", "Regression with jobcentre and week"),
    "tool.propensity-weights": ("Vægtning efter sandsynlighed", "Propensity weights"),
    "tool.doubly-robust": ("Dobbelt robust", "Doubly robust"),
}
